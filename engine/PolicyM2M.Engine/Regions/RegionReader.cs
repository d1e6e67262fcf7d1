using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>Tells a region from the way a decision took: at each step, all codes that would have taken the same step.</summary>
internal sealed class RegionReader(DecisionTrees trees, AttributeTable attributes)
{
    private readonly SortedDictionary<int, IntervalSet> _codes = [];
    private readonly SortedSet<int> _missing = [];

    public Region Read(ReadOnlySpan<long> turns)
    {
        // What is missing comes first: the tests of it are open.
        foreach (long turn in turns)
        {
            if (RegionMemory.IsMiss(turn, out int facet))
                _missing.Add(facet);
        }
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        for (int i = 0; i < turns.Length; i++)
        {
            if (RegionMemory.IsMiss(turns[i], out _))
                continue;
            (int node, int step) = RegionMemory.Parts(turns[i]);
            int number = Words.NumberOf(program[node]);
            switch (Words.KindOf(program[node]))
            {
                case NodeKind.Cases when Step.IsMatch(step, out int place):
                    Matched(program, node, place);
                    break;
                case NodeKind.Cases:
                    Failed(program, step);
                    break;
                case NodeKind.Masks:
                    MaskLeaf leaf = trees.Masks[number];
                    ReadOnlySpan<long> cells = turns.Slice(i, leaf.Facets.Length);
                    i += cells.Length;
                    Step.IsMatch(RegionMemory.Parts(turns[i]).Step, out int last);
                    Masked(leaf, cells, last);
                    break;
                default:
                    Taken(program, node, number, step);
                    break;
            }
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
            if (!_missing.Contains(facet))
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

    /// <summary>
    /// The cells of each facet that leave the same cases possible, as far as the first that surely matches. One facet after the other is widened to every cell that keeps them and
    /// lets no other case before that one in, whichever of the cells already allowed the other facets lie in. A missing facet that none of them tests may as well be given.
    /// </summary>
    private void Masked(MaskLeaf leaf, ReadOnlySpan<long> cells, int last)
    {
        int words = last / 64 + 1;
        ulong[] possible = Before(last + 1, words);
        for (int i = 0; i < cells.Length; i++)
        {
            if (RegionMemory.Parts(cells[i]).Step is not Step.Missing and int cell)
                And(possible, Row(leaf, RowOf(leaf, i, cell), words));
        }
        // What the cells of this facet and of those behind it leave of the other cases.
        var others = new ulong[cells.Length + 1][];
        others[^1] = Before(last + 1, words);
        for (int w = 0; w < words; w++)
            others[^1][w] &= ~possible[w];
        for (int i = cells.Length - 1; i >= 0; i--)
        {
            others[i] = [.. others[i + 1]];
            if (RegionMemory.Parts(cells[i]).Step is not Step.Missing and int cell)
                And(others[i], Row(leaf, RowOf(leaf, i, cell), words));
        }
        ulong[] allowed = Before(last + 1, words);
        for (int i = 0; i < cells.Length; i++)
        {
            if (RegionMemory.Parts(cells[i]).Step != Step.Missing)
            {
                And(others[i + 1], allowed);
                And(allowed, Widened(leaf, i, possible, others[i + 1]));
            }
            else if (!Covers(Row(leaf, leaf.FreeRows[i], words), possible))
            {
                _missing.Add(leaf.Facets[i]);
            }
        }
    }

    /// <summary>Narrows a facet to all cells that leave these cases and none of the others; returns the cases that any of these cells leaves.</summary>
    private ulong[] Widened(MaskLeaf leaf, int facet, ulong[] possible, ulong[] others)
    {
        var any = new ulong[possible.Length];
        var kept = new List<(long, long)>();
        (long lowest, long highest) = attributes.Codes[leaf.Facets[facet]];
        ReadOnlySpan<long> bounds = leaf.Bounds.AsSpan(leaf.FirstBounds[facet], leaf.FirstBounds[facet + 1] - leaf.FirstBounds[facet]);
        for (int cell = 0; cell <= bounds.Length; cell++)
        {
            ReadOnlySpan<ulong> row = Row(leaf, RowOf(leaf, facet, cell), possible.Length);
            if (!Covers(row, possible) || Meets(row, others))
                continue;
            kept.Add((cell == 0 ? lowest : bounds[cell - 1], cell == bounds.Length ? highest : bounds[cell] - 1));
            for (int w = 0; w < any.Length; w++)
                any[w] |= row[w];
        }
        Narrow(leaf.Facets[facet], IntervalSet.Of(kept));
        return any;
    }

    /// <summary>The bits of the first cases.</summary>
    private static ulong[] Before(int count, int words)
    {
        ulong[] bits = [.. Enumerable.Repeat(ulong.MaxValue, words)];
        if (count % 64 != 0)
            bits[^1] = (1UL << (count % 64)) - 1;
        return bits;
    }

    private static ReadOnlySpan<ulong> Row(MaskLeaf leaf, int row, int words) => leaf.Rows.AsSpan(row * leaf.WordsPerRow, words);

    private static int RowOf(MaskLeaf leaf, int facet, int cell) => leaf.RowOf[leaf.FirstBounds[facet] + facet + cell];

    private static void And(Span<ulong> left, ReadOnlySpan<ulong> right)
    {
        for (int i = 0; i < left.Length; i++)
            left[i] &= right[i];
    }

    private static bool Covers(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        for (int i = 0; i < left.Length; i++)
        {
            if ((right[i] & ~left[i]) != 0)
                return false;
        }
        return true;
    }

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
