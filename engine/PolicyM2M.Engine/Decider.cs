using System.Collections.Concurrent;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>
/// Answers from one bundle. The whole decision: walk the trees, gather the rules that apply, and look up what they meet in.
/// Meets are made once and kept, so a decision met before allocates nothing. Safe for all threads: what it keeps is only ever added to.
/// </summary>
public sealed class Decider
{
    /// <summary>
    /// How many different answers of one kind are kept. Real sets have tens; a hostile caller could otherwise fill the memory with
    /// rare combinations. Beyond it an answer is the same, only made anew each time.
    /// </summary>
    private const int MaximumKept = 50_000;

    private readonly ConcurrentDictionary<int[], Decision>[] _kept;
    private readonly ConcurrentDictionary<int[], Decision>.AlternateLookup<ReadOnlySpan<int>>[] _lookups;

    /// <summary>Makes a decider for these policies.</summary>
    public Decider(Bundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        Bundle = bundle;
        _kept = [.. DecisionKinds.All.Select(_ => new ConcurrentDictionary<int[], Decision>(RuleSets.Comparer))];
        _lookups = [.. _kept.Select(kept => kept.GetAlternateLookup<ReadOnlySpan<int>>())];
    }

    /// <summary>The policies it answers from.</summary>
    public Bundle Bundle { get; }

    /// <summary>Reads a context by the bundle's attribute schema.</summary>
    public PreparedContext Prepare(DeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PreparedContext.Prepare(context, Bundle.AttributeTable);
    }

    /// <summary>Decides, as of a moment: whole seconds of it count.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public Decision Decide(DecisionKind kind, PreparedContext context, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ReferenceEquals(context.Table, Bundle.AttributeTable))
            throw new ArgumentException("the context was prepared by another bundle", nameof(context));
        return TreeWalk<PreparedContext.AtTime>.Gather(Bundle.Trees, (int)kind, context.At(now.ToUnixTimeSeconds()), (Decider: this, Kind: kind),
            static (rules, state) => state.Decider.DecisionOf(state.Kind, rules));
    }

    private Decision DecisionOf(DecisionKind kind, ReadOnlySpan<int> rules)
    {
        if (_lookups[(int)kind].TryGetValue(rules, out Decision? decision))
            return decision;
        int[] places = rules.ToArray();
        decision = Judgement.Of(kind, [.. places.Select(place => Bundle.Rules[place])]);
        return _kept[(int)kind].Count < MaximumKept ? _kept[(int)kind].GetOrAdd(places, decision) : decision;
    }
}
