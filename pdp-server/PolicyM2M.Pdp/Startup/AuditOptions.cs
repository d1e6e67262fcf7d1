using PolicyM2M.Audit.Appending;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What is recorded, and how, as the user asked for it on the command line.</summary>
internal sealed record AuditOptions
{
    /// <summary>When a record counts as kept; null where nothing is recorded.</summary>
    public AuditDurability? Durability { get; init; } = AuditDurability.Buffered;

    /// <summary>What happens while the log cannot be written.</summary>
    public UnwritableLog WhenUnwritable { get; init; } = UnwritableLog.Stops;

    /// <summary>The file with the key by which devices are pseudonymised; null where they are named.</summary>
    public string? Pseudonyms { get; init; }

    /// <summary>The attributes whose values are recorded; of the others only where they came from.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>The collector that records are sent to; null for none.</summary>
    public Uri? Export { get; init; }

    /// <summary>How long records are kept; null for ever.</summary>
    public TimeSpan? Keep { get; init; }
}
