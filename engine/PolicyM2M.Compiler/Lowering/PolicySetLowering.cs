using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Meaning to lists of cases. A policy's block is its cases, silent outside its target; a demand is one case, silent where it does not hold.
/// </summary>
internal sealed class PolicySetLowering
{
    private readonly BoundPolicySet _set;
    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly ConditionLowering _lowering;
    private readonly CompileBudget _budget;
    private readonly Faults _faults;
    private readonly SilenceCheck _silence;
    private readonly ConditionSearch _search;
    private readonly List<(int Target, BoundBlock Block)> _blocks = [];
    private readonly List<(int Condition, Action Warn)> _doubted = [];
    private readonly ImmutableArray<Rule>.Builder _rules = ImmutableArray.CreateBuilder<Rule>();
    private readonly ImmutableArray<LoweredList>.Builder _lists = ImmutableArray.CreateBuilder<LoweredList>();

    /// <summary>A small part of what compiling may cost: no set is refused because a warning is too much work.</summary>
    private long _searchWork = 200_000;

    private PolicySetLowering(BoundPolicySet set, CompileBudget budget, Faults faults)
    {
        _faults = faults;
        _set = set;
        _budget = budget;
        _attributes = Constants.Of(set);
        _conditions = new ConditionTable(_attributes.Codes, budget);
        _lowering = new ConditionLowering(_attributes, _conditions);
        _silence = new SilenceCheck(_attributes, _conditions, budget, faults);
        _search = new ConditionSearch(_attributes, _conditions, budget);
    }

    /// <exception cref="BudgetExceededException">The conditions are too much work.</exception>
    public static LoweredPolicySet Lower(BoundPolicySet set, SourcePosition manifest, CompileBudget budget, Faults faults)
    {
        budget.At = manifest;
        var lowering = new PolicySetLowering(set, budget, faults);
        foreach (BoundPolicy policy in set.Policies)
            lowering.Policy(policy);
        lowering.Silence();
        lowering.Invariants();
        lowering.Unholdable();
        return new LoweredPolicySet(set.Name, [.. set.Policies.Select(policy => policy.Name)], lowering._attributes, lowering._rules.ToImmutable(),
            lowering._conditions, lowering._lists.ToImmutable());
    }

    private void Policy(BoundPolicy policy)
    {
        _budget.At = policy.Source;
        int target = When(policy.Target, ConditionPlace.Of(policy));
        foreach (BoundBlock block in policy.Blocks)
        {
            _budget.At = block.Source;
            _lists.Add(new LoweredList((int)block.Kind, block.Source,
                [.. block.Cases.Select(c => new LoweredCase(_conditions.And([target, When(c.When, ConditionPlace.Of(c))]), Place(c.Rule with { IsCase = true }))),
                    new LoweredCase(ConditionTable.Always, LoweredCase.Silent)]));
            _blocks.Add((target, block));
        }
        foreach (BoundDemand demand in policy.Demands)
        {
            _budget.At = demand.Rule.Source;
            if (_set.LongestWaiver is { } longest && demand.Waivers.Length > 1)
                new WaiverSpans(_conditions, _lowering, longest, _faults).Check(demand);
            int own = When(demand.When, ConditionPlace.Of(demand));
            if (target is not (ConditionTable.Always or ConditionTable.Never))
                _doubted.Add((_conditions.And([target, own]), () => NeverInTarget(policy, demand)));
            int applies = _conditions.And([target, own, .. demand.Waivers.Select(waiver => _conditions.Not(When(waiver.Holds, ConditionPlace.Of(waiver))))]);
            _silence.Note(applies, demand.Rule.Says);
            _lists.Add(new LoweredList((int)demand.Rule.Kind, demand.Rule.Source,
                [new LoweredCase(applies, Place(demand.Rule)), new LoweredCase(ConditionTable.Always, LoweredCase.Silent)]));
        }
    }

    /// <summary>What silence gains by a block is told only when the demands of all policies are known.</summary>
    private void Silence()
    {
        foreach ((int target, BoundBlock block) in _blocks)
        {
            _budget.At = block.Source;
            _silence.Check(target, block, [.. block.Cases.Select(c => _lowering.Lower(c.When))]);
        }
    }

    /// <summary>Invariants change no decision, and no tree knows of them: here only their conditions are looked at.</summary>
    private void Invariants()
    {
        var scopes = InvariantScopes.Of(_set, _budget);
        foreach (BoundInvariant invariant in _set.Policies.SelectMany(policy => policy.Invariants).Where(invariant => invariant.When is not BoundCondition.Constant))
        {
            if (scopes.IsConstant(invariant) is { } holds)
                _faults.AlwaysSo(ConditionPlace.Of(invariant), holds);
        }
    }

    /// <summary>The condition of a rule; one that leaves no choice, or has a part that leaves none, is hardly what its author meant.</summary>
    private int When(BoundCondition when, ConditionPlace place)
    {
        int known = _lowering.WithoutChoice.Count;
        int condition = _lowering.Lower(when);
        if (when is not BoundCondition.Constant && condition is ConditionTable.Always or ConditionTable.Never)
        {
            _faults.AlwaysSo(place, condition == ConditionTable.Always);
        }
        else
        {
            if (when is not BoundCondition.Constant)
                _doubted.Add((condition, () => _faults.AlwaysSo(place, holds: false)));
            foreach ((BoundCondition part, bool holds) in _lowering.WithoutChoice.Skip(known))
            {
                if (part.Tested is { } attribute)
                    _faults.PartAlwaysSo(place, attribute, holds);
                else
                    _faults.PartAlwaysSo(place, [.. ConditionTests.Of(part).SelectMany(ConditionTests.AttributesOf).Select(tested => tested.Name).Distinct()], holds);
            }
        }
        return condition;
    }

    /// <summary>
    /// Warns of conditions under which nothing can be, though each of their tests by itself leaves a choice. Last of all, since to find out makes conditions that the trees do
    /// not ask for; and as far as it is little work.
    /// </summary>
    private void Unholdable()
    {
        try
        {
            _budget.Within(ref _searchWork, () =>
            {
                foreach ((int condition, Action warn) in _doubted.Where(doubted => !_search.CanHold(doubted.Condition)))
                    warn();
                return 0;
            });
        }
        catch (BudgetExceededException)
        {
            if (_searchWork > 0)
                throw;
        }
    }

    private void NeverInTarget(BoundPolicy policy, BoundDemand demand)
    {
        if (!_faults.IsDoubted(demand.Rule.Source))
            _faults.NeverInTarget(ConditionPlace.Of(demand), policy.Name);
    }

    private int Place(Rule rule)
    {
        _rules.Add(rule);
        return _rules.Count - 1;
    }
}
