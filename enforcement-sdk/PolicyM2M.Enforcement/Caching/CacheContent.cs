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

    /// <summary>The messages of all decisions together; one is about a kilobyte. Beyond this the oldest go, and a single larger one is not kept.</summary>
    public const int MaximumBytes = 4 << 20;

    public static CacheContent Empty { get; } = new(DateTimeOffset.UnixEpoch, null, null, []);

    /// <summary>Whether other policies are served than those that this revision names. A commit that leaves them as they are supersedes nothing.</summary>
    public bool IsSuperseded(RevisionId revision) => Served is { } served && served.BundleHash != revision.BundleHash;

    /// <summary>The newest decision that answers the question; null where none does.</summary>
    public KeptDecision? Find(DecisionKind kind, DeviceContext context) => Decisions.LastOrDefault(kept => kept.Answers(kind, context));

    public CacheContent With(KeptDecision decision)
    {
        ImmutableArray<KeptDecision> all = [.. Decisions.Where(kept => kept.Key != decision.Key || !kept.Needed.SetEquals(decision.Needed)), decision];
        long bytes = 0;
        int room = all.Reverse().Take(MaximumDecisions).TakeWhile(kept => (bytes += kept.Message.Length) <= MaximumBytes).Count();
        return this with { Decisions = all[^room..] };
    }

    /// <summary>Without anything that answers the question.</summary>
    public CacheContent Without(DecisionKind kind, DeviceContext context) => this with { Decisions = Decisions.RemoveAll(kept => kept.Answers(kind, context)) };
}
