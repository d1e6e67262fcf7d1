using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>What the store holds. Immutable.</summary>
/// <param name="LatestSeen">The latest moment that the device has seen.</param>
/// <param name="Keys">The keys that decisions are believed by.</param>
/// <param name="NeededAttributes">The attributes that the decision point asks for; null while it has told none.</param>
/// <param name="Devices">What was told of devices, and which policies were seen: those before them are refused, also after a restart.</param>
/// <param name="Decisions">The decisions, the oldest first.</param>
internal sealed record StoreContent(
    DateTimeOffset LatestSeen, PinnedKeys Keys, ImmutableSortedSet<string>? NeededAttributes, ImmutableArray<DeviceFacts> Devices, ImmutableArray<KeptDecision> Decisions)
{
    /// <summary>The start of the machine in which the latest moment was seen, by a clock that somebody vouched for; null where nobody did.</summary>
    public string? BootId { get; init; }

    public static StoreContent Empty { get; } = new(DateTimeOffset.UnixEpoch, PinnedKeys.None, null, [], []);
}
