using System.Collections.Immutable;

namespace PolicyM2M.Engine.Trees;

/// <summary>How a node finds the branch for a code.</summary>
internal enum NodeKind : byte
{
    /// <summary>The code less <see cref="TreeNode.Base"/> is the branch's place.</summary>
    Direct,

    /// <summary>The branch is that of the last bound not above the code, found by binary search.</summary>
    Ordered,
}

/// <summary>A test of one facet.</summary>
/// <param name="Kind">How the branch is found.</param>
/// <param name="Facet">The facet's place in the attribute table.</param>
/// <param name="First">Where its branches begin in <see cref="DecisionTrees.Branches"/>; its bounds, one fewer, begin at <paramref name="FirstBound"/>.</param>
/// <param name="Count">How many branches it has, at least 1.</param>
/// <param name="FirstBound">Where its bounds begin in <see cref="DecisionTrees.Bounds"/>, for <see cref="NodeKind.Ordered"/>.</param>
/// <param name="Base">The code of the first branch, for <see cref="NodeKind.Direct"/>.</param>
internal readonly record struct TreeNode(NodeKind Kind, int Facet, int First, int Count, int FirstBound, long Base);

/// <summary>
/// All trees of a bundle as flat arrays. A branch that is not negative is a node; otherwise it is a leaf: <see cref="Silent"/>, or the
/// complement of a rule's place. Equal subtrees are one node, so the trees share; a branch always leads to a node that comes
/// earlier, so no walk can run in a circle. Immutable, shared by all threads.
/// </summary>
internal sealed record DecisionTrees(
    ImmutableArray<TreeNode> Nodes, ImmutableArray<int> Branches, ImmutableArray<long> Bounds, ImmutableArray<ImmutableArray<int>> Roots)
{
    /// <summary>The leaf at which a policy says nothing.</summary>
    public const int Silent = int.MinValue;

    /// <summary>The leaf of a rule.</summary>
    public static int Leaf(int rule) => ~rule;
}
