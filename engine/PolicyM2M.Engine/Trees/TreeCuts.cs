namespace PolicyM2M.Engine.Trees;

/// <summary>The facets that one tree tests, each with the codes at which some test cuts it: between two cuts no test tells codes apart.</summary>
internal static class TreeCuts
{
    /// <summary>The cuts of the tree that begins at a place, ascending, by facet; null where there are too many facets or cuts.</summary>
    public static SortedDictionary<int, long[]>? Of(DecisionTrees trees, ReadOnlySpan<(long Lowest, long Highest)> codes, int root, int mostFacets, int mostCuts)
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
                        // A table has a branch for each code, also where neighbours lead to the same.
                        if (i > 0 && branches[i] != branches[i - 1])
                            CutsOf(cuts, number).Add(TreeWalk.StartOf(program, at, i));
                    }
                    break;
            }
            if (cuts.Count > mostFacets || cuts.Values.Sum(cut => cut.Count) > mostCuts)
                return null;
        }
        return new SortedDictionary<int, long[]>(cuts.ToDictionary(cut => cut.Key, cut => cut.Value.Order().ToArray()));
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
