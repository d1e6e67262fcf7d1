using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>The rules that apply to one context, read off the policies as they were written: no codes and no trees.</summary>
/// <param name="Rules">Those that surely apply, in the order of the manifest.</param>
/// <param name="IsOpen">Whether a missing attribute leaves it open that there are others.</param>
internal sealed record ApplyingRules(ImmutableArray<Rule> Rules, bool IsOpen)
{
    public static ApplyingRules Of(BoundPolicySet set, DecisionKind kind, ContextReading reading)
    {
        var rules = ImmutableArray.CreateBuilder<Rule>();
        bool isOpen = false;
        foreach (BoundPolicy policy in set.Policies)
        {
            bool? applies = reading.Holds(policy.Target);
            isOpen |= applies is null;
            if (applies != true)
                continue;
            foreach (BoundBlock block in policy.Blocks.Where(block => block.Kind == kind))
            {
                BoundCase? chosen = block.Cases.FirstOrDefault(c => reading.Holds(c.When) != false);
                if (chosen is not null)
                    Add(chosen.Rule with { IsCase = true }, reading.Holds(chosen.When));
            }
            foreach (BoundDemand demand in policy.Demands.Where(demand => demand.Rule.Kind == kind))
            {
                bool?[] parts = [reading.Holds(demand.When), .. demand.Waivers.Select(waiver => !reading.Holds(waiver.Holds))];
                Add(demand.Rule, parts.Contains(false) ? false : parts.Contains(null) ? null : true);
            }
        }
        return new ApplyingRules(rules.ToImmutable(), isOpen);

        void Add(Rule rule, bool? holds)
        {
            isOpen |= holds is null;
            if (holds == true)
                rules.Add(rule);
        }
    }

    /// <summary>The decision of these rules.</summary>
    /// <exception cref="InvalidOperationException">There could be others.</exception>
    public Decision Decide(DecisionKind kind) => IsOpen
        ? throw new InvalidOperationException("a missing attribute leaves open what applies")
        : Judgement.Of(kind, Rules, Rules.Aggregate(0u, (stated, rule) => stated | Omissions.StatedBy(rule.Says, rule.IsCase)));
}
