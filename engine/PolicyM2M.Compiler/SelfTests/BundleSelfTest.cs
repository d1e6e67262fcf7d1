using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.SelfTests;

/// <summary>
/// Holds a bundle against the policies that it was compiled from, before anybody is answered from it: for each rule a context in which its condition holds is decided by the trees,
/// in each way that they
/// can be asked, and read off the policies themselves. A difference is never the author's fault.
/// </summary>
internal sealed class BundleSelfTest
{
    /// <summary>How many conditions are read at most, about half a second's worth. In a large set only every so-many-th rule has its turn.</summary>
    private const int MostWork = 2_000_000;

    private const int FewestRules = 16;

    private readonly BoundPolicySet _set;
    private readonly Decider _decider;
    private readonly ImmutableArray<SelfTestFault>.Builder _faults = ImmutableArray.CreateBuilder<SelfTestFault>();
    private int _witnesses;

    private BundleSelfTest(BoundPolicySet set, Bundle bundle)
    {
        _set = set;
        _decider = new Decider(bundle);
    }

    public static SelfTestResult Run(BoundPolicySet set, Bundle bundle)
    {
        var test = new BundleSelfTest(set, bundle);
        (Rule Rule, BoundCondition When)[] rules = [.. set.Policies.SelectMany(Rules)];
        Witness plain = Witness.Plain(set);
        foreach (DecisionKind kind in DecisionKinds.All)
            test.Check(kind, new SourcePosition("", 0, 0), plain);
        int chosen = Math.Max(FewestRules, MostWork / (rules.Length + set.Attributes.Length + 1)), step = Math.Max(1, rules.Length / chosen);
        for (int i = 0; i < rules.Length; i += step)
        {
            if (WitnessSearch.Find(rules[i].When, plain, bundle.Attributes) is { } witness)
                test.Check(rules[i].Rule.Kind, rules[i].Rule.Source, witness);
        }
        return new SelfTestResult(test._witnesses, test._faults.ToImmutable());
    }

    private static IEnumerable<(Rule Rule, BoundCondition When)> Rules(BoundPolicy policy) =>
    [
        .. policy.Blocks.SelectMany(block => block.Cases).Select(c => (c.Rule, All([policy.Target, c.When]))),
        .. policy.Demands.Select(demand => (demand.Rule, All([policy.Target, demand.When]))),
        .. policy.Demands.SelectMany(demand => demand.Waivers.Select(waiver => (demand.Rule, All([waiver.Holds, policy.Target, demand.When])))),
    ];

    private static BoundCondition.All All(ImmutableArray<BoundCondition> parts) => new(parts);

    private void Check(DecisionKind kind, SourcePosition source, Witness witness)
    {
        var reading = new ContextReading(witness.Context, witness.Now, _decider.Bundle.Attributes);
        var applying = ApplyingRules.Of(_set, kind, reading);
        // What is missing where a rule asks for what is not known: then the strictest of many applies, which the policies alone do not tell.
        if (applying.IsOpen)
            return;
        _witnesses++;
        Decision said = applying.Decide(kind);
        PreparedContext prepared = _decider.Prepare(witness.Context);
        var path = new DecisionPath();
        Decision[] ways = [_decider.Decide(kind, prepared, witness.Now), _decider.Decide(kind, Raw(witness.Context), witness.Now), _decider.Decide(kind, prepared, witness.Now, path)];
        foreach (Decision decided in ways)
        {
            if (!decided.Outcome.Equals(said.Outcome))
            {
                _faults.Add(new SelfTestFault(source, $"{kind.Name()} is {decided.Outcome} for {Text(witness)}, and the policies say {said.Outcome}"));
                return;
            }
        }
        if (!path.Region().Contains(prepared, witness.Now))
            _faults.Add(new SelfTestFault(source, $"the region of {kind.Name()} for {Text(witness)} does not hold the context that it was made for"));
    }

    private AttributeValue[] Raw(DeviceContext context)
    {
        var values = new AttributeValue[_decider.Bundle.Attributes.Count];
        foreach ((string name, AttributeValue value) in context.Values)
            values[_decider.Bundle.PlaceOf(name)] = value;
        return values;
    }

    private static string Text(Witness witness) =>
        $"{string.Join(", ", witness.Context.Values.Select(entry => $"{entry.Key} = {entry.Value}"))} at {InstantText.Format(witness.Now.ToUnixTimeSeconds())}";
}
