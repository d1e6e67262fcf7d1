using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The kept decisions, by kind and the oldest first. Immutable: a change is a new index, so that readers need no lock.</summary>
internal sealed class DecisionIndex
{
    /// <summary>A gateway's devices lie in few regions; beyond this the oldest decision goes.</summary>
    public const int MaximumDecisions = 4_096;

    /// <summary>The payloads of all decisions together; one is one or two kilobytes. Beyond this the oldest go, and a single larger one is not kept.</summary>
    public const int MaximumBytes = 8 << 20;

    private readonly ImmutableArray<KeptDecision>[] _byKind;

    private DecisionIndex(ImmutableArray<KeptDecision>[] byKind)
    {
        _byKind = byKind;
        Count = byKind.Sum(kept => kept.Length);
        Bytes = byKind.Sum(kept => kept.Sum(decision => (long)decision.Bytes));
    }

    public static DecisionIndex Empty { get; } = new([.. DecisionKinds.All.Select(_ => ImmutableArray<KeptDecision>.Empty)]);

    public int Count { get; }

    public long Bytes { get; }

    public IEnumerable<KeptDecision> All => _byKind.SelectMany(kept => kept);

    public ImmutableArray<KeptDecision> Of(DecisionKind kind) => _byKind[(int)kind];

    /// <summary>Those that were kept before this process began: no two say the same of the same region.</summary>
    public static DecisionIndex Of(IEnumerable<KeptDecision> kept)
    {
        ILookup<DecisionKind, KeptDecision> byKind = kept.ToLookup(decision => decision.Kind);
        return new DecisionIndex([.. DecisionKinds.All.Select(kind => byKind[kind].ToImmutableArray())]).Bounded();
    }

    /// <summary>With one more decision, instead of one that says the same of the same region.</summary>
    public DecisionIndex With(KeptDecision decision)
    {
        if (decision.Bytes > MaximumBytes)
            return this;
        return new DecisionIndex(Replaced(decision.Kind, kept =>
            [.. kept.Where(other => other.Decision.Revision != decision.Decision.Revision || other.RegionText != decision.RegionText), decision])).Bounded();
    }

    /// <summary>Without the decisions of a kind that <paramref name="isGone"/> names.</summary>
    public DecisionIndex Without(DecisionKind kind, Func<KeptDecision, bool> isGone) => Of(kind).Any(isGone) ? new DecisionIndex(Replaced(kind, kept => kept.RemoveAll(gone => isGone(gone)))) : this;

    /// <summary>Without the decisions that <paramref name="isGone"/> names.</summary>
    public DecisionIndex Without(Func<KeptDecision, bool> isGone) => DecisionKinds.All.Aggregate(this, (index, kind) => index.Without(kind, isGone));

    private ImmutableArray<KeptDecision>[] Replaced(DecisionKind kind, Func<ImmutableArray<KeptDecision>, ImmutableArray<KeptDecision>> change) =>
        [.. _byKind.Select((kept, place) => place == (int)kind ? change(kept) : kept)];

    private DecisionIndex Bounded()
    {
        if (Count <= MaximumDecisions && Bytes <= MaximumBytes)
            return this;
        int count = Count;
        long bytes = Bytes;
        HashSet<KeptDecision> oldest = [];
        foreach (KeptDecision kept in All.OrderBy(kept => kept.Decision.IssuedAt).TakeWhile(_ => count > MaximumDecisions || bytes > MaximumBytes))
        {
            oldest.Add(kept);
            count--;
            bytes -= kept.Bytes;
        }
        return Without(oldest.Contains);
    }
}
