using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Meaning to lists of cases. A policy's block is its cases, silent outside its target; a demand is one case, silent where it does not hold.
/// </summary>
internal sealed class PolicySetLowering
{
    private readonly BoundPolicySet _set;
    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly CompileBudget _budget;
    private readonly Faults _faults;
    private readonly Dictionary<BoundCondition, int> _lowered = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<Rule>.Builder _rules = ImmutableArray.CreateBuilder<Rule>();
    private readonly ImmutableArray<LoweredList>.Builder _lists = ImmutableArray.CreateBuilder<LoweredList>();

    private PolicySetLowering(BoundPolicySet set, CompileBudget budget, Faults faults)
    {
        _faults = faults;
        _set = set;
        _budget = budget;
        _attributes = Constants.Of(set);
        _conditions = new ConditionTable(_attributes.Codes, budget);
    }

    /// <exception cref="BudgetExceededException">The conditions are too much work.</exception>
    public static LoweredPolicySet Lower(BoundPolicySet set, SourcePosition manifest, CompileBudget budget, Faults faults)
    {
        budget.At = manifest;
        var lowering = new PolicySetLowering(set, budget, faults);
        foreach (BoundPolicy policy in set.Policies)
            lowering.Policy(policy);
        return new LoweredPolicySet(set.Name, [.. set.Policies.Select(policy => policy.Name)], lowering._attributes, lowering._rules.ToImmutable(),
            lowering._conditions, lowering._lists.ToImmutable());
    }

    private void Policy(BoundPolicy policy)
    {
        _budget.At = policy.Source;
        int target = Condition(policy.Target);
        foreach (BoundBlock block in policy.Blocks)
        {
            _budget.At = block.Source;
            _lists.Add(new LoweredList((int)block.Kind, block.Source,
                [.. block.Cases.Select(c => new LoweredCase(_conditions.And([target, When(c.When, c.Rule.Source)]), Place(c.Rule with { IsCase = true }))),
                    new LoweredCase(ConditionTable.Always, LoweredCase.Silent)]));
        }
        foreach (BoundDemand demand in policy.Demands)
        {
            _budget.At = demand.Rule.Source;
            int applies = _conditions.And([target, When(demand.When, demand.Rule.Source), .. demand.Waivers.Select(waiver => _conditions.Not(When(waiver.Holds, waiver.Source)))]);
            _lists.Add(new LoweredList((int)demand.Rule.Kind, demand.Rule.Source,
                [new LoweredCase(applies, Place(demand.Rule)), new LoweredCase(ConditionTable.Always, LoweredCase.Silent)]));
        }
    }

    /// <summary>The condition of a rule; one that leaves no choice is hardly what its author meant.</summary>
    private int When(BoundCondition when, SourcePosition source)
    {
        int condition = Condition(when);
        if (when is not BoundCondition.Constant && condition is ConditionTable.Always or ConditionTable.Never)
            _faults.AlwaysSo(source, condition == ConditionTable.Always);
        return condition;
    }

    private int Place(Rule rule)
    {
        _rules.Add(rule);
        return _rules.Count - 1;
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
            BoundCondition.StartsWith starts => StartsWith(starts),
            BoundCondition.Within within => Within(within),
            BoundCondition.Has has => IsSo(Facet.Has(PlaceOf(has.Attribute))),
            BoundCondition.Contains contains => IsSo(Facet.Contains(PlaceOf(contains.Attribute), contains.Item)),
            BoundCondition.SameAs same => IsSo(Facet.Same(PlaceOf(same.Left), PlaceOf(same.Right))),
            BoundCondition.Clock clock => _conditions.Test(FacetPlace(Constants.FacetOf(clock)), IntervalSet.Of(clock.Values)),
            _ => throw new InvalidOperationException($"no lowering for {condition.GetType().Name}"),
        };
    }

    private int PlaceOf(AttributeDefinition attribute) => _attributes.Indexes[attribute.Name];

    private int FacetPlace(Facet facet) => _attributes.Codings.Length + _attributes.Others.BinarySearch(facet);

    private int IsSo(Facet facet) => _conditions.Test(FacetPlace(facet), IntervalSet.Between(1, 1));

    private int StartsWith(BoundCondition.StartsWith starts)
    {
        int attribute = PlaceOf(starts.Attribute);
        long first = Code(attribute, AttributeValue.Of(starts.Prefix));
        long last = Constants.After(starts.Prefix) is { } after ? Code(attribute, AttributeValue.Of(after)) - 1 : _attributes.Codings[attribute].Highest;
        return _conditions.Test(attribute, IntervalSet.Between(first, last));
    }

    private int Within(BoundCondition.Within within)
    {
        int attribute = PlaceOf(within.Attribute);
        return _conditions.Test(attribute, IntervalSet.Of(within.Blocks.Select(block => (Code(attribute, Address(block.First)), Code(attribute, Address(block.Last))))));

        static AttributeValue Address(UInt128 address) => AttributeValue.Of(AddressBlock.Format(address));
    }

    private int OneOf(BoundCondition.OneOf oneOf)
    {
        int attribute = _attributes.Indexes[oneOf.Attribute.Name];
        return _conditions.Test(attribute, IntervalSet.Of(oneOf.Values.Select(value => Code(attribute, value)).Select(code => (code, code))));
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
