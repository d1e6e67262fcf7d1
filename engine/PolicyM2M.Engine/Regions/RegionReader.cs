using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>Tells a region from the way a decision took: at each step, all codes that would have taken the same step.</summary>
internal sealed class RegionReader(DecisionTrees trees, AttributeTable attributes)
{
    private readonly SortedDictionary<int, IntervalSet> _codes = [];
    private readonly SortedSet<int> _missing = [];

    public Region Read(ReadOnlySpan<long> turns, ReadOnlySpan<(int Facet, bool IsKnown, long Code)> pins)
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        for (int i = 0; i < turns.Length;)
        {
            (int node, int step) = RegionMemory.Parts(turns[i]);
            int number = Words.NumberOf(program[node]);
            switch (Words.KindOf(program[node]))
            {
                case NodeKind.Cases:
                    if (Step.IsMatch(step, out int place))
                        Matched(program, node, place);
                    else
                        Failed(program, step);
                    i++;
                    break;
                case NodeKind.Masks:
                    MaskLeaf leaf = trees.Masks[number];
                    int steps = CellsFrom(turns[i..], node);
                    // A leaf that found something missing broke off before it named a match; its facets are pinned.
                    if (steps == leaf.Facets.Length && i + steps < turns.Length && RegionMemory.Parts(turns[i + steps]) is var last && last.Node == node && Step.IsMatch(last.Step, out int match))
                    {
                        Masked(leaf, turns.Slice(i, steps), match);
                        steps++;
                    }
                    i += Math.Max(1, steps);
                    break;
                default:
                    Taken(program, node, number, step);
                    i++;
                    break;
            }
        }
        foreach ((int facet, bool isKnown, long code) in pins)
        {
            if (isKnown)
                Narrow(facet, IntervalSet.Between(code, code));
            else
                _missing.Add(facet);
        }
        return new Region(attributes, [.. _missing.Select(facet => new RegionConstraint(attributes, facet, null))
            .Concat(_codes.Where(c => !c.Value.Covers(attributes.Codes[c.Key].Lowest, attributes.Codes[c.Key].Highest)).Select(c => new RegionConstraint(attributes, c.Key, c.Value)))]);
    }

    private void Narrow(int facet, IntervalSet codes) => _codes[facet] = _codes.TryGetValue(facet, out IntervalSet known) ? known.And(codes) : codes;

    private void Taken(ReadOnlySpan<int> program, int node, int facet, int branch) =>
        Narrow(facet, CodesTo(program, node, TreeWalk.Branches(program, node)[branch], attributes.Codes[facet]));

    /// <summary>Every code of a facet by which a node leads to a place.</summary>
    public static IntervalSet CodesTo(ReadOnlySpan<int> program, int node, int place, (long Lowest, long Highest) codes)
    {
        ReadOnlySpan<int> branches = TreeWalk.Branches(program, node);
        var same = new List<(long, long)>();
        for (int i = 0; i < branches.Length; i++)
        {
            if (branches[i] == place)
                same.Add((i == 0 ? codes.Lowest : TreeWalk.StartOf(program, node, i), i + 1 == branches.Length ? codes.Highest : TreeWalk.StartOf(program, node, i + 1) - 1));
        }
        return IntervalSet.Of(same);
    }

    private void Matched(ReadOnlySpan<int> program, int node, int place)
    {
        int at = node + 1;
        for (; place > 0; place--)
            at += 2 + program[at + 1];
        int end = at + 2 + program[at + 1];
        for (at += 2; at < end;)
        {
            int facet = Words.NumberOf(program[at]);
            Narrow(facet, TestCodes.Read(program, at, attributes.Codes[facet]));
            at = TestCodes.Next(program, at);
        }
    }

    private void Failed(ReadOnlySpan<int> program, int test)
    {
        int facet = Words.NumberOf(program[test]);
        (long lowest, long highest) = attributes.Codes[facet];
        Narrow(facet, TestCodes.Read(program, test, (lowest, highest)).Without(lowest, highest));
    }

    private static int CellsFrom(ReadOnlySpan<long> turns, int node)
    {
        int count = 0;
        while (count < turns.Length && RegionMemory.Parts(turns[count]) is var turn && turn.Node == node && turn.Step >= 0)
            count++;
        return count;
    }

    /// <summary>
    /// The cells of each facet that leave the same case first. One facet after the other is widened to every cell that keeps the match and
    /// lets no earlier case in, whichever of the cells already allowed the other facets lie in.
    /// </summary>
    private void Masked(MaskLeaf leaf, ReadOnlySpan<long> cells, int match)
    {
        int words = leaf.WordsPerRow, lastWord = match / 64;
        ulong bit = 1UL << match, before = bit - 1;
        var allowed = new ulong[cells.Length][];
        for (int i = 0; i < allowed.Length; i++)
            allowed[i] = leaf.Rows.AsSpan(RowOf(leaf, i, RegionMemory.Parts(cells[i]).Step) * words, lastWord + 1).ToArray();
        for (int i = 0; i < allowed.Length; i++)
        {
            ulong[] others = Enumerable.Repeat(ulong.MaxValue, lastWord + 1).ToArray();
            others[lastWord] = before;
            for (int j = 0; j < allowed.Length; j++)
            {
                for (int w = 0; j != i && w <= lastWord; w++)
                    others[w] &= allowed[j][w];
            }
            var kept = new List<(long, long)>();
            (long lowest, long highest) = attributes.Codes[leaf.Facets[i]];
            int bounds = leaf.FirstBounds[i + 1] - leaf.FirstBounds[i];
            for (int cell = 0; cell <= bounds; cell++)
            {
                ReadOnlySpan<ulong> row = leaf.Rows.AsSpan(RowOf(leaf, i, cell) * words, lastWord + 1);
                if ((row[lastWord] & bit) == 0 || Meets(row, others))
                    continue;
                kept.Add((cell == 0 ? lowest : leaf.Bounds[leaf.FirstBounds[i] + cell - 1], cell == bounds ? highest : leaf.Bounds[leaf.FirstBounds[i] + cell] - 1));
                for (int w = 0; w <= lastWord; w++)
                    allowed[i][w] |= row[w];
            }
            Narrow(leaf.Facets[i], IntervalSet.Of(kept));
        }
    }

    private static int RowOf(MaskLeaf leaf, int facet, int cell) => leaf.RowOf[leaf.FirstBounds[facet] + facet + cell];

    private static bool Meets(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        for (int i = 0; i < left.Length; i++)
        {
            if ((left[i] & right[i]) != 0)
                return true;
        }
        return false;
    }
}
