using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>What the cache holds. Immutable: a change is a new content, in memory and on disk.</summary>
/// <param name="LatestSeen">The latest moment that the device has seen.</param>
/// <param name="Served">The policies that the decision point last told it serves, kept so that a restart does not make replaced ones fresh again; null while it has told none.</param>
/// <param name="NeededAttributes">The attributes that the decision point asks for; null while it has told none.</param>
/// <param name="Decisions">The decisions, the oldest first.</param>
internal sealed record CacheContent(
    DateTimeOffset LatestSeen, RevisionId? Served, ImmutableSortedSet<string>? NeededAttributes, ImmutableArray<KeptDecision> Decisions)
{
    /// <summary>A device asks about few contexts; beyond this the oldest goes.</summary>
    public const int MaximumDecisions = 256;

    public static CacheContent Empty { get; } = new(DateTimeOffset.UnixEpoch, null, null, []);

    /// <summary>Whether other policies are served than those that this revision names. A commit that leaves them as they are supersedes nothing.</summary>
    public bool IsSuperseded(RevisionId revision) => Served is { } served && served.BundleHash != revision.BundleHash;

    /// <summary>The newest decision that answers the question; null where none does.</summary>
    public KeptDecision? Find(DecisionKind kind, DeviceContext context) => Decisions.LastOrDefault(kept => kept.Answers(kind, context));

    public CacheContent With(KeptDecision decision)
    {
        ImmutableArray<KeptDecision> others = Decisions.RemoveAll(kept => kept.Key == decision.Key && kept.Needed.SetEquals(decision.Needed));
        return this with { Decisions = [.. others.Skip(Math.Max(0, others.Length + 1 - MaximumDecisions)), decision] };
    }

    /// <summary>Without anything that answers the question.</summary>
    public CacheContent Without(DecisionKind kind, DeviceContext context) => this with { Decisions = Decisions.RemoveAll(kept => kept.Answers(kind, context)) };
}
