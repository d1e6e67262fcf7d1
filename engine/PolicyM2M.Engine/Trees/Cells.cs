using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Everything that the walk of one tree can hang on: the facets that it tests, each cut into cells by all bounds that any test compares it with. Contexts whose facets lie in
/// the same cells, and miss the same ones, have the same decision.
/// </summary>
internal sealed class Cells
{
    /// <summary>Beyond so many facets telling the cells costs as much as walking.</summary>
    public const int MaximumFacets = 64;

    private const int MaximumBounds = 1 << 20;

    /// <summary>What stands for a facet that is missing: no cell has it.</summary>
    private const long Missing = -1;

    private readonly int[] _facets;
    private readonly long[][] _bounds;

    private Cells(int[] facets, long[][] bounds)
    {
        _facets = facets;
        _bounds = bounds;
    }

    /// <summary>How many numbers a key has.</summary>
    public int Count => _facets.Length;

    /// <summary>The cells of the tree that begins at a place; null where there are too many facets or bounds.</summary>
    public static Cells? Of(DecisionTrees trees, ReadOnlySpan<(long Lowest, long Highest)> codes, int root)
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        var cuts = new SortedDictionary<int, HashSet<long>>();
        var seen = new HashSet<int>();
        var below = new Stack<int>([root]);
        while (below.TryPop(out int at))
        {
            if (at < 0 || !seen.Add(at))
                continue;
            int number = Words.NumberOf(program[at]);
            switch (Words.KindOf(program[at]))
            {
                case NodeKind.Cases:
                    OfCases(program, at, number, codes, cuts);
                    break;
                case NodeKind.Masks:
                    MaskLeaf leaf = trees.Masks[number];
                    for (int i = 0; i < leaf.Facets.Length; i++)
                        CutsOf(cuts, leaf.Facets[i]).UnionWith(leaf.Bounds.AsSpan(leaf.FirstBounds[i], leaf.FirstBounds[i + 1] - leaf.FirstBounds[i]).ToArray());
                    break;
                case NodeKind.Fork:
                    foreach (int child in program.Slice(at + 1, number))
                        below.Push(child);
                    break;
                default:
                    ReadOnlySpan<int> branches = TreeWalk.Branches(program, at);
                    for (int i = 0; i < branches.Length; i++)
                    {
                        below.Push(branches[i]);
                        if (i > 0)
                            CutsOf(cuts, number).Add(TreeWalk.StartOf(program, at, i));
                    }
                    break;
            }
            if (cuts.Count > MaximumFacets || cuts.Values.Sum(cut => cut.Count) > MaximumBounds)
                return null;
        }
        return new Cells([.. cuts.Keys], [.. cuts.Values.Select(cut => cut.Order().ToArray())]);
    }

    /// <summary>The cells that a context lies in.</summary>
    /// <param name="context">The context.</param>
    /// <param name="key">Takes <see cref="Count"/> numbers.</param>
    public void Read<TContext>(scoped ref TContext context, scoped Span<long> key)
        where TContext : IFacetSource, allows ref struct
    {
        for (int i = 0; i < _facets.Length; i++)
            key[i] = context.TryGet(_facets[i], out long code) ? Ascending.NotAbove(_bounds[i], code) : Missing;
    }

    private static void OfCases(ReadOnlySpan<int> program, int node, int count, ReadOnlySpan<(long Lowest, long Highest)> codes, SortedDictionary<int, HashSet<long>> cuts)
    {
        int at = node + 1;
        for (int i = 0; i < count; i++)
        {
            int end = at + 2 + program[at + 1];
            for (at += 2; at < end; at = TestCodes.Next(program, at))
            {
                int facet = Words.NumberOf(program[at]);
                for (int t = 0; t < TestCodes.Count(program, at); t++)
                {
                    (long low, long high) = TestCodes.Interval(program, at, t, codes[facet]);
                    CutsOf(cuts, facet).Add(low);
                    if (high < long.MaxValue)
                        CutsOf(cuts, facet).Add(high + 1);
                }
            }
        }
    }

    private static HashSet<long> CutsOf(SortedDictionary<int, HashSet<long>> cuts, int facet)
    {
        if (!cuts.TryGetValue(facet, out HashSet<long>? cut))
            cuts[facet] = cut = [];
        return cut;
    }
}
