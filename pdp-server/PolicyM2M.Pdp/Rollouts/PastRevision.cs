using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>What became of a revision that is active no more.</summary>
internal enum Fate
{
    /// <summary>A later one took its place.</summary>
    Replaced,

    /// <summary>An operator went back to an earlier one.</summary>
    RolledBack,

    /// <summary>It was a candidate that never became active.</summary>
    Abandoned,
}

/// <summary>A revision that was let in and is active no more. Immutable.</summary>
/// <param name="CommitId">The commit.</param>
/// <param name="BundleHash">What it compiled to; empty where nobody remembers.</param>
/// <param name="Summary">The commit's summary.</param>
/// <param name="ActivatedAt">When it became active, or a candidate; null where nobody remembers.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="WasSigned">Whether it was let in while only signed commits were.</param>
internal sealed record PastRevision(string CommitId, string BundleHash, string Summary, DateTimeOffset? ActivatedAt, Fate Fate, bool WasSigned)
{
    /// <summary>The revision itself, where it is kept in memory.</summary>
    public ActiveRevision? Loaded { get; init; }

    /// <summary>Whether it was judged and found wanting: it does not come back by itself.</summary>
    public bool IsWithdrawn => Fate != Fate.Replaced;

    public static PastRevision Of(ActiveRevision revision, Fate fate) =>
        new(revision.CommitId, revision.Bundle.Hash, revision.Summary, revision.ActivatedAt, fate, revision.WasSigned) { Loaded = revision.AtRest() };
}
