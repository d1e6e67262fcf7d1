using System.Collections.Immutable;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// What decision points told about one device. Immutable; whoever holds one can tell by its identity that nothing has changed. Orders are those of the calls of this client: which was asked
/// first, whichever is answered first.
/// </summary>
internal sealed record DeviceFacts(string Device)
{
    /// <summary>The policies that answer for it; null where nobody answered for it yet, or the last answer was a refusal: then nothing kept answers for it.</summary>
    public RevisionStamp? Served { get; init; }

    /// <summary>What a revision must not be before: of the policies seen the latest, whether or not they still answer.</summary>
    public RevisionStamp? LatestSeen { get; init; }

    public HeldStatement? Statement { get; init; }

    /// <summary>The last call whose answer brought the statement, or left it as it was.</summary>
    public long ConfirmedBy { get; init; }

    /// <summary>When it was heard that the registry says something else of it; -1 for never.</summary>
    public long ChangedAt { get; init; } = -1;

    /// <summary>The last call whose answer was no: a permission asked for before it is not kept.</summary>
    public long RefusedAt { get; init; } = -1;

    /// <summary>The decisions of other revisions that hold unchanged under the one served, by the SHA-256 of their payloads in hexadecimal.</summary>
    public ImmutableHashSet<string> Unchanged { get; init; } = [];

    /// <summary>Whether what is known of the device is still so, as far as anybody has told.</summary>
    public bool IsCurrent => ConfirmedBy > ChangedAt;

    /// <summary>Whether the policies of a decision are those that answer, or it holds unchanged under them.</summary>
    public bool IsServed(KeptDecision kept) => Served is { } served && (!served.IsOtherThan(kept.Decision.Revision) || Unchanged.Contains(kept.Hash));
}

/// <summary>
/// The one place that holds what is known of a device: replaced whole by the memory under its lock, and read by everybody without one. Mutable; safe for all threads.
/// </summary>
internal sealed class DeviceSlot(DeviceFacts facts)
{
    private volatile DeviceFacts _facts = facts;

    public DeviceFacts Facts
    {
        get => _facts;
        set => _facts = value;
    }

    /// <summary>Where the last answer of each kind came from; -1 while there was none.</summary>
    public int[] LastSources { get; } = [-1, -1, -1];
}
