using System.Collections.Immutable;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>What the cache holds. Immutable: a change is a new content, in memory and on disk.</summary>
/// <param name="LatestSeen">The latest moment that the device has seen.</param>
/// <param name="NeededAttributes">The attributes that the decision point asks for; null while it has told none.</param>
/// <param name="Decisions">The decisions, the oldest first.</param>
internal sealed record CacheContent(DateTimeOffset LatestSeen, ImmutableSortedSet<string>? NeededAttributes, ImmutableArray<KeptDecision> Decisions)
{
    /// <summary>A device asks about few contexts; beyond this the oldest goes.</summary>
    public const int MaximumDecisions = 256;

    public static CacheContent Empty { get; } = new(DateTimeOffset.UnixEpoch, null, []);

    public KeptDecision? Find(string key) => Decisions.FirstOrDefault(kept => kept.Key == key);

    public CacheContent With(KeptDecision decision)
    {
        ImmutableArray<KeptDecision> others = Decisions.RemoveAll(kept => kept.Key == decision.Key);
        return this with { Decisions = [.. others.Skip(Math.Max(0, others.Length + 1 - MaximumDecisions)), decision] };
    }

    public CacheContent Without(string key) => this with { Decisions = Decisions.RemoveAll(kept => kept.Key == key) };
}
