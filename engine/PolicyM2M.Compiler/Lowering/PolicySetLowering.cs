using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Meaning to lists of cases. A policy's block is its cases, silent outside its target; a demand is one case, silent where it does not
/// hold; and for each kind one list denies where no policy that applies has a block, unless some block always applies.
/// </summary>
internal sealed class PolicySetLowering
{
    private readonly BoundPolicySet _set;
    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly Dictionary<BoundCondition, int> _lowered = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<Rule>.Builder _rules = ImmutableArray.CreateBuilder<Rule>();
    private readonly ImmutableArray<LoweredList>.Builder _lists = ImmutableArray.CreateBuilder<LoweredList>();

    private PolicySetLowering(BoundPolicySet set)
    {
        _set = set;
        (ImmutableArray<AttributeCoding> codings, ImmutableArray<string> tested) = Constants.Of(set);
        _attributes = new AttributeTable(codings, tested);
        _conditions = new ConditionTable([.. codings.Select(coding => IntervalSet.Between(coding.Lowest, coding.Highest))]);
    }

    public static LoweredPolicySet Lower(BoundPolicySet set, SourcePosition manifest)
    {
        var lowering = new PolicySetLowering(set);
        foreach (BoundPolicy policy in set.Policies)
            lowering.Policy(policy);
        foreach (DecisionKind kind in DecisionKinds.All)
            lowering.Coverage(kind, manifest);
        return new LoweredPolicySet(set.Name, [.. set.Policies.Select(policy => policy.Name)], lowering._attributes, lowering._rules.ToImmutable(),
            lowering._conditions, lowering._lists.ToImmutable());
    }

    private void Policy(BoundPolicy policy)
    {
        int target = Condition(policy.Target);
        int outside = _conditions.Not(target);
        foreach (BoundBlock block in policy.Blocks)
        {
            _lists.Add(new LoweredList((int)block.Kind, block.Source,
                [new LoweredCase(outside, DecisionTrees.Silent), .. block.Cases.Select(c => new LoweredCase(Condition(c.When), Leaf(c.Rule)))]));
        }
        foreach (BoundDemand demand in policy.Demands)
        {
            int applies = _conditions.And([target, Condition(demand.When)]);
            _lists.Add(new LoweredList((int)demand.Rule.Kind, demand.Rule.Source,
                [new LoweredCase(applies, Leaf(demand.Rule)), new LoweredCase(ConditionTable.Always, DecisionTrees.Silent)]));
        }
    }

    private void Coverage(DecisionKind kind, SourcePosition manifest)
    {
        int covered = _conditions.Or(_set.Policies.Where(policy => policy.Blocks.Any(block => block.Kind == kind)).Select(policy => Condition(policy.Target)));
        if (covered == ConditionTable.Always)
            return;
        var rule = new Rule("", "no policy applies", manifest, Outcome.Deny(kind, $"no policy that applies has a `{kind.Name()}` block"));
        _lists.Add(new LoweredList((int)kind, manifest,
            [new LoweredCase(covered, DecisionTrees.Silent), new LoweredCase(ConditionTable.Always, Leaf(rule))]));
    }

    private int Leaf(Rule rule)
    {
        _rules.Add(rule);
        return DecisionTrees.Leaf(_rules.Count - 1);
    }

    private int Condition(BoundCondition condition)
    {
        if (_lowered.TryGetValue(condition, out int known))
            return known;
        return _lowered[condition] = condition switch
        {
            BoundCondition.Constant constant => constant.Value ? ConditionTable.Always : ConditionTable.Never,
            BoundCondition.Any any => _conditions.Or(any.Parts.Select(Condition)),
            BoundCondition.All all => _conditions.And(all.Parts.Select(Condition)),
            BoundCondition.Not not => _conditions.Not(Condition(not.Part)),
            BoundCondition.OneOf oneOf => OneOf(oneOf),
            BoundCondition.Below below => Below(below),
            _ => throw new InvalidOperationException($"no lowering for {condition.GetType().Name}"),
        };
    }

    private int OneOf(BoundCondition.OneOf oneOf)
    {
        int attribute = _attributes.Indexes[oneOf.Attribute.Name];
        return _conditions.Or(oneOf.Values.Select(value => Code(attribute, value)).Select(code => _conditions.Test(attribute, IntervalSet.Between(code, code))));
    }

    private int Below(BoundCondition.Below below)
    {
        int attribute = _attributes.Indexes[below.Attribute.Name];
        long limit = Code(attribute, below.Limit), lowest = _attributes.Codings[attribute].Lowest;
        return below.OrEqual || limit > lowest
            ? _conditions.Test(attribute, IntervalSet.Between(lowest, below.OrEqual ? limit : limit - 1))
            : ConditionTable.Never;
    }

    private long Code(int attribute, AttributeValue value) => _attributes.Codings[attribute].TryEncode(value, out long code)
        ? code
        : throw new InvalidOperationException($"{value} was bound to {_attributes.Codings[attribute].Definition.Name} and is none of its values");
}
