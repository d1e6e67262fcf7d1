using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Compiler.Trees;

/// <summary>
/// Warns of cases that no context reaches: the trees answer with none of them. It warns of no case that some context reaches, and in sets too large for one tree
/// not of all that none does. An <c>otherwise</c> that nothing is left for is a precaution, and no mistake.
/// </summary>
internal static class UnreachedCases
{
    /// <summary>More of a policy tell its author nothing new, and would hide its other faults.</summary>
    private const int MostPerPolicy = 20;

    public static void Warn(BoundPolicySet set, ImmutableArray<Rule> rules, AnswerTable answers, Faults faults)
    {
        HashSet<SourcePosition> reached = [.. answers.Rules.Distinct().Select(place => rules[place].Source)];
        foreach (BoundPolicy policy in set.Policies)
        {
            IEnumerable<BoundCase> unreached = policy.Blocks.SelectMany(block => block.Cases).Where(c => c.When is not BoundCondition.Constant && !reached.Contains(c.Rule.Source));
            foreach (BoundCase c in unreached.Where(c => !faults.IsDoubted(policy.Source) && !faults.IsDoubted(c.Rule.Source)).Take(MostPerPolicy))
                faults.CaseBehind(c.Rule.Source);
        }
    }
}
