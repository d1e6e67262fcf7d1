using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>Checks what a walk takes for granted: every place exists, every branch goes down, every code finds a branch.</summary>
internal static class TreeCheck
{
    /// <exception cref="InvalidDataException">The trees are damaged.</exception>
    public static void Check(DecisionTrees trees, AttributeTable attributes, ImmutableArray<Rule> rules)
    {
        Demand(trees.Roots.Length == DecisionKinds.All.Count, "there is not one forest for each kind");
        for (int i = 0; i < trees.Nodes.Length; i++)
        {
            TreeNode node = trees.Nodes[i];
            Demand(node.Facet >= 0 && node.Facet < attributes.Codes.Length, "a node tests an attribute that is not there");
            Demand(node.Count > 0 && IsWithin(node.First, node.Count, trees.Branches.Length), "a node's branches are not there");
            (long lowest, long highest) = attributes.Codes[node.Facet];
            if (node.Kind == NodeKind.Direct)
                Demand(node.Base == lowest && unchecked((ulong)highest - (ulong)lowest) == (ulong)node.Count - 1, "a node has not one branch for each code");
            else
                CheckBounds(trees, node);
            foreach (int branch in trees.Branches.AsSpan(node.First, node.Count))
            {
                Demand(branch < i, "a branch does not lead down");
                CheckLeaf(branch, rules, kind: null);
            }
        }
        CheckKinds(trees, rules);
    }

    private static void CheckBounds(DecisionTrees trees, TreeNode node)
    {
        Demand(IsWithin(node.FirstBound, node.Count - 1, trees.Bounds.Length), "a node's bounds are not there");
        ReadOnlySpan<long> bounds = trees.Bounds.AsSpan(node.FirstBound, node.Count - 1);
        for (int b = 1; b < bounds.Length; b++)
            Demand(bounds[b - 1] < bounds[b], "a node's bounds do not ascend");
    }

    /// <summary>Every leaf under a root must be of the root's kind.</summary>
    private static void CheckKinds(DecisionTrees trees, ImmutableArray<Rule> rules)
    {
        var seenBy = new int[trees.Nodes.Length];
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            var below = new Stack<int>();
            foreach (int root in trees.Roots[(int)kind])
            {
                Demand(root < trees.Nodes.Length, "a root is not there");
                below.Push(root);
            }
            while (below.TryPop(out int at))
            {
                CheckLeaf(at, rules, kind);
                if (at < 0 || seenBy[at] == 1 << (int)kind)
                    continue;
                seenBy[at] = 1 << (int)kind;
                foreach (int branch in trees.Branches.AsSpan(trees.Nodes[at].First, trees.Nodes[at].Count))
                    below.Push(branch);
            }
        }
    }

    private static void CheckLeaf(int branch, ImmutableArray<Rule> rules, DecisionKind? kind)
    {
        if (branch >= 0 || branch == DecisionTrees.Silent)
            return;
        Demand(~branch < rules.Length, "a leaf names a rule that is not there");
        Demand(kind is null || rules[~branch].Kind == kind, "a leaf names a rule of another kind");
    }

    private static bool IsWithin(int first, int count, int length) => first >= 0 && count >= 0 && (long)first + count <= length;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"the bundle is damaged: {otherwise}");
    }
}
