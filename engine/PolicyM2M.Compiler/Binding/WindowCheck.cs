using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// Warns of rules that say how long a decision is fresh while nothing says how long it may be used. What nobody states is 0, and a decision that may not be kept is not fresh either; to take
/// another value for it would keep decisions that no author allowed to be kept.
/// </summary>
internal static class WindowCheck
{
    public static void Warn(BoundPolicySet set, Faults faults)
    {
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Rule[] demands = [.. set.Policies.SelectMany(policy => policy.Demands).Select(demand => demand.Rule).Where(rule => rule.Kind == kind)];
            (string Policy, Rule Rule)[] cases =
            [
                .. from policy in set.Policies
                   from block in policy.Blocks.Where(block => block.Kind == kind)
                   from c in block.Cases
                   select (policy.Name, c.Rule),
            ];
            HashSet<string> stating = [.. cases.Where(c => StatesUsable(c.Rule)).Select(c => c.Policy)];
            if (demands.Any(StatesUsable))
                continue;
            // Of one block only one case is chosen, so that the others of its policy do not stand beside it.
            foreach ((_, Rule rule) in cases.Where(c => IsOpen(c.Rule) && !stating.Any(other => other != c.Policy)))
                faults.UsableForUnstated(rule.Source);
            foreach (Rule rule in stating.Count > 0 ? [] : demands.Where(IsOpen))
                faults.UsableForUnstated(rule.Source);
        }
    }

    private static bool IsOpen(Rule rule) => rule.Says[Field.FreshFor] is FieldValue.Duration { Seconds: > 0 } && !StatesUsable(rule);

    private static bool StatesUsable(Rule rule) => rule.Says[Field.UsableFor] is not null;
}
