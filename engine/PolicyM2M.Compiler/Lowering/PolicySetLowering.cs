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
/// hold; and for what no policy says there are rules by omission, so that a missing attribute is treated right here too: a field stated
/// only for some of its values is not stated for all.
/// </summary>
internal sealed class PolicySetLowering
{
    private readonly BoundPolicySet _set;
    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly CompileBudget _budget;
    private readonly Dictionary<BoundCondition, int> _lowered = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<Rule>.Builder _rules = ImmutableArray.CreateBuilder<Rule>();
    private readonly ImmutableArray<LoweredClause>.Builder _clauses = ImmutableArray.CreateBuilder<LoweredClause>();
    private readonly HashSet<Rule> _blockRules = new(ReferenceEqualityComparer.Instance);

    private PolicySetLowering(BoundPolicySet set, CompileBudget budget)
    {
        _set = set;
        _budget = budget;
        (ImmutableArray<AttributeCoding> codings, ImmutableArray<string> tested) = Constants.Of(set);
        _attributes = new AttributeTable(codings, [], tested);
        _conditions = new ConditionTable([.. _attributes.Codes.Select(codes => IntervalSet.Between(codes.Lowest, codes.Highest))], budget);
    }

    /// <exception cref="BudgetExceededException">The conditions are too much work.</exception>
    public static LoweredPolicySet Lower(BoundPolicySet set, SourcePosition manifest, CompileBudget budget)
    {
        budget.At = manifest;
        var lowering = new PolicySetLowering(set, budget);
        foreach (BoundPolicy policy in set.Policies)
            lowering.Policy(policy);
        foreach (DecisionKind kind in DecisionKinds.All)
            lowering.Omissions(kind, manifest);
        return new LoweredPolicySet(set.Name, [.. set.Policies.Select(policy => policy.Name)], lowering._attributes, lowering._rules.ToImmutable(),
            lowering._conditions, lowering._clauses.ToImmutable());
    }

    private void Policy(BoundPolicy policy)
    {
        _budget.At = policy.Source;
        int target = Condition(policy.Target);
        int outside = _conditions.Not(target);
        foreach (BoundBlock block in policy.Blocks)
        {
            _budget.At = block.Source;
            _blockRules.UnionWith(block.Cases.Select(c => c.Rule));
            Clause(block.Kind, block.Source,
                [new LoweredCase(outside, DecisionTrees.Silent), .. block.Cases.Select(c => new LoweredCase(Condition(c.When), Leaf(c.Rule)))]);
        }
        foreach (BoundDemand demand in policy.Demands)
        {
            _budget.At = demand.Rule.Source;
            int applies = _conditions.And([target, Condition(demand.When)]);
            Clause(demand.Rule.Kind, demand.Rule.Source,
                [new LoweredCase(applies, Leaf(demand.Rule)), new LoweredCase(ConditionTable.Always, DecisionTrees.Silent)]);
        }
    }

    /// <summary>What holds where no policy says anything: a denial where none has a block, or leaves out a field that must be stated; else the field's default.</summary>
    private void Omissions(DecisionKind kind, SourcePosition manifest)
    {
        ImmutableArray<LoweredClause> said = [.. _clauses.Where(clause => clause.Kind == (int)kind)];
        Omission(new Rule("", "no policy applies", manifest, Outcome.Deny(kind, $"no policy that applies has a block for `{kind.Name()}`")),
            said, rule => _blockRules.Contains(rule));
        foreach (Field field in Field.Of(kind))
        {
            if (field.MustBeStated)
                Omission(new Rule("", $"`{field.Name}` not stated", manifest, Outcome.Deny(kind, $"no rule that applies states `{field.Name}`")), said, States);
            else if (field.WhenUnstated is { } value)
                Omission(new Rule("", $"`{field.Name}` not stated", manifest, Outcome.Allow(kind, [(field, value)])), said, States);

            // Where a policy denies, nothing else matters.
            bool States(Rule rule) => rule.Says.IsDenied || rule.Says[field] is not null;
        }
    }

    private void Omission(Rule rule, ImmutableArray<LoweredClause> said, Func<Rule, bool> isSaidBy)
    {
        int leaf = Leaf(rule);
        IEnumerable<ImmutableArray<LoweredCase>> lists = said
            .Select(clause => clause.Lists[0].Select(c => c with { Leaf = c.Leaf != DecisionTrees.Silent && isSaidBy(_rules[~c.Leaf]) ? DecisionTrees.Silent : leaf }))
            .Where(list => list.Any(c => c.Leaf == DecisionTrees.Silent))
            .Select(list => list.ToImmutableArray());
        ImmutableArray<LoweredCase> nobody = [new LoweredCase(ConditionTable.Always, leaf)];
        // Where working it out is too much, that is because of what is said, not of the manifest.
        _clauses.Add(new LoweredClause((int)rule.Kind, said.IsEmpty ? rule.Source : said[0].Source, [nobody, .. lists]));
    }

    private void Clause(DecisionKind kind, SourcePosition source, ImmutableArray<LoweredCase> cases) =>
        _clauses.Add(new LoweredClause((int)kind, source, [cases]));

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
