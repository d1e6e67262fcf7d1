using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Services;

/// <summary>A device that somebody watches, and what that one was told of it last. Mutable; belongs to the one loop that tells it.</summary>
/// <param name="id">The device's id.</param>
/// <param name="takesStatements">Whether its statement comes with the news.</param>
internal sealed class WatchedDevice(string id, bool takesStatements)
{
    /// <summary>The device's id.</summary>
    public string Id { get; } = id;

    /// <summary>Whether its statement comes with the news.</summary>
    public bool TakesStatements { get; } = takesStatements;

    /// <summary>What was served when it was told last; null while nothing was told.</summary>
    public RevisionStatus? Status { get; set; }

    /// <summary>The version of what the registry held then.</summary>
    public long Version { get; set; }

    /// <summary>When its statement is told, whatever else happens; null for never.</summary>
    public DateTimeOffset? StatementDue { get; set; }
}
