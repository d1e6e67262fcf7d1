using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// Explains the decisions of a policy set: the trees say what is decided, and the conditions as they were written say why. Of a bundle alone, which does not hold
/// the conditions, it says all but that: no policy is gone through rule by rule.
/// </summary>
public sealed class Explainer
{
    /// <summary>How many contexts a search for a counterfactual decides before it gives up: some tenths of a second.</summary>
    private const int SearchLimit = 300_000;

    private readonly BoundPolicySet? _set;
    private readonly Decider _decider;

    private Explainer(BoundPolicySet? set, Decider decider)
    {
        _set = set;
        _decider = decider;
    }

    /// <summary>The bundle that it explains.</summary>
    public Bundle Bundle => _decider.Bundle;

    /// <summary>An explainer of a policy set; null where the set has errors.</summary>
    /// <param name="files">The set's files, in any order.</param>
    /// <param name="diagnostics">Every fault, sorted.</param>
    public static Explainer? Of(IReadOnlyList<SourceFile> files, out ImmutableArray<Diagnostic> diagnostics)
    {
        ArgumentNullException.ThrowIfNull(files);
        var faults = new Faults();
        (BoundPolicySet? set, byte[]? bytes) = PolicyCompiler.CompileBound(files, faults);
        diagnostics = faults.Sorted();
        return set is null || bytes is null ? null : new Explainer(set, new Decider(Bundle.Read(bytes)));
    }

    /// <summary>An explainer of a bundle without its sources: its explanations have no policies.</summary>
    public static Explainer OfBundle(Bundle bundle) => new(null, new Decider(bundle));

    /// <summary>A context as the set's attribute schema reads it.</summary>
    public PreparedContext Prepare(DeviceContext context) => _decider.Prepare(context);

    /// <summary>Decides, and explains the decision.</summary>
    public Explanation Explain(DecisionKind kind, DeviceContext context, DateTimeOffset now, bool counterfactual)
    {
        PreparedContext prepared = _decider.Prepare(context);
        var path = new DecisionPath();
        Decision decision = _decider.Decide(kind, prepared, now, path);
        var region = path.Region();
        var reading = new ContextReading(context, now, _decider.Bundle.Attributes);
        return new Explanation(decision, [.. (_set?.Policies ?? []).Where(policy => Speaks(policy, kind)).Select(policy => Policy(policy, kind, reading))],
            region.GapsOf(prepared, now), region, region.HoldsUntil(prepared, now),
            counterfactual ? Search(decision, context, now) : null);
    }

    /// <summary>What is tried is read off the trees, sources or not, so that sources and their bundle propose the same.</summary>
    private Counterfactual Search(Decision decision, DeviceContext context, DateTimeOffset now)
    {
        BoundCondition[] tests = [.. BundleTests.Of(_decider.Bundle, decision.Kind)];
        HashSet<string> read = [.. tests.SelectMany(ConditionTests.AttributesOf).Select(attribute => attribute.AgeOf ?? attribute.Name)];
        IEnumerable<AttributeDefinition> attributes = _decider.Bundle.Attributes.Values;
        var values = new CandidateValues(tests, CandidateValues.BirthsIn(attributes), context, now);
        (AttributeDefinition, ImmutableArray<AttributeValue>)[] candidates =
            [.. attributes.Where(attribute => read.Contains(attribute.Name)).Select(attribute => (attribute, values.ForOrNone(attribute)))];
        return new CounterfactualSearch(_decider, context, now, decision, SearchLimit).Search(candidates, values.IsWhole, LaterSearch.Find(_decider, context, now, decision));
    }

    private static bool Speaks(BoundPolicy policy, DecisionKind kind) => policy.Blocks.Any(block => block.Kind == kind) || policy.Demands.Any(demand => demand.Rule.Kind == kind);

    private static PolicyExplanation Policy(BoundPolicy policy, DecisionKind kind, ContextReading reading)
    {
        var reasons = new Reasons(reading);
        bool? applies = reading.Holds(policy.Target);
        var rules = ImmutableArray.CreateBuilder<RuleExplanation>();
        foreach (BoundBlock block in applies == false ? [] : policy.Blocks.Where(block => block.Kind == kind))
        {
            foreach (BoundCase c in block.Cases)
            {
                bool? holds = reading.Holds(c.When);
                rules.Add(new RuleExplanation(c.Rule, holds == true && rules.Any(earlier => earlier.Applies is null) ? null : holds, reasons.Of(c.When), null));
                if (holds == true)
                    break;
            }
        }
        foreach (BoundDemand demand in applies == false ? [] : policy.Demands.Where(demand => demand.Rule.Kind == kind))
        {
            BoundWaiver? waiver = demand.Waivers.FirstOrDefault(waiver => reading.Holds(waiver.Holds) == true);
            bool? holds = reading.Holds(demand.When);
            rules.Add(new RuleExplanation(demand.Rule, waiver is null ? holds : false, reasons.Of(demand.When),
                waiver is null || holds == false ? null : $"waived at {waiver.Source} until {InstantText.Format(waiver.Until)} because \"{waiver.Because}\", approved by \"{waiver.ApprovedBy}\""));
        }
        return new PolicyExplanation(policy.Name, policy.Source, applies, reasons.Of(policy.Target), rules.ToImmutable());
    }
}
