using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Every set of answers that contexts in a box can come to, the answers of a fork's subtrees taken together. Of a context that misses something the decision is the strictest of some of these sets,
/// so that where all of them come to one outcome it is that one too. There may be sets among them that no context comes to: each facet is taken by itself, and one that may be
/// missing is not narrowed on the way down.
/// </summary>
/// <param name="trees">The trees.</param>
/// <param name="codes">The smallest and the largest code of each facet.</param>
/// <param name="box">What contexts can be.</param>
/// <param name="steps">How much may be looked at: branches, cases, and the rules of sets. Beyond them it gives up.</param>
internal sealed class BoxWalk(DecisionTrees trees, ReadOnlyMemory<(long Lowest, long Highest)> codes, FacetBox box, int steps)
{
    /// <summary>So many intervals, or words of a row, are looked at in the time of a step.</summary>
    private const int SmallSteps = 16;

    private int _left = steps;

    /// <summary>Whether so many steps are left, which are then taken.</summary>
    public bool Take(int count) => (_left -= count) >= 0;

    /// <summary>The sets, as places of answers; null where that takes too many steps.</summary>
    public IReadOnlyCollection<int[]>? From(int at)
    {
        var found = new HashSet<int[]>(RuleSets.Comparer);
        return Walk(at, found) ? found : null;
    }

    private bool Walk(int at, HashSet<int[]> found)
    {
        if (!Take(1))
            return false;
        if (at < 0)
        {
            found.Add([~at]);
            return true;
        }
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        int number = Words.NumberOf(program[at]);
        return Words.KindOf(program[at]) switch
        {
            NodeKind.Cases => Cases(at, number, found),
            NodeKind.Masks => Masks(trees.Masks[number], found),
            NodeKind.Fork => Fork(at, number, found),
            _ => box[number] is { } within ? Within(at, number, within, found) : Every(at, found),
        };
    }

    private bool Every(int at, HashSet<int[]> found)
    {
        var walked = new HashSet<int>();
        foreach (int branch in TreeWalk.Branches(trees.Program.AsSpan(), at).ToArray())
        {
            if (!Take(1) || (walked.Add(branch) && !Walk(branch, found)))
                return false;
        }
        return true;
    }

    private bool Within(int at, int facet, IntervalSet within, HashSet<int[]> found)
    {
        // Branches that lead to one subtree are taken together.
        var parts = new Dictionary<int, List<(long, long)>>();
        ReadOnlySpan<int> program = trees.Program.AsSpan(), branches = TreeWalk.Branches(program, at);
        foreach ((long low, long high) in within.Intervals)
        {
            int last = TreeWalk.BranchOf(program, at, high);
            for (int branch = TreeWalk.BranchOf(program, at, low); branch <= last; branch++)
            {
                if (!Take(1))
                    return false;
                long first = branch == 0 ? low : Math.Max(low, TreeWalk.StartOf(program, at, branch));
                long end = branch + 1 == branches.Length ? high : Math.Min(high, TreeWalk.StartOf(program, at, branch + 1) - 1);
                if (!parts.TryGetValue(branches[branch], out List<(long, long)>? part))
                    parts[branches[branch]] = part = [];
                part.Add((first, end));
            }
        }
        foreach ((int branch, List<(long, long)> part) in parts)
        {
            IntervalSet? before = box.Narrow(facet, IntervalSet.Of(part));
            bool isDone = Walk(branch, found);
            box.Restore(facet, before);
            if (!isDone)
                return false;
        }
        return true;
    }

    /// <summary>The cases that can match, as far as the first that must.</summary>
    private bool Cases(int at, int count, HashSet<int[]> found)
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        int next = at + 1;
        for (int i = 0; i < count; i++)
        {
            int answer = program[next], end = next + 2 + program[next + 1];
            bool isPossible = true, isCertain = true;
            for (next += 2; next < end && isPossible; next = TestCodes.Next(program, next))
            {
                int facet = Words.NumberOf(program[next]);
                if (box[facet] is not { } within)
                {
                    if (!Take(1))
                        return false;
                    isCertain = false;
                    continue;
                }
                if (!Take(1 + (TestCodes.Count(program, next) + within.Intervals.Length) / SmallSteps))
                    return false;
                IntervalSet both = TestCodes.Read(program, next, codes.Span[facet]).And(within);
                isPossible = !both.IsEmpty;
                isCertain &= both.Equals(within);
            }
            next = end;
            if (!isPossible)
                continue;
            found.Add([answer]);
            if (isCertain)
                break;
        }
        return true;
    }

    private bool Masks(MaskLeaf leaf, HashSet<int[]> found)
    {
        int rowSteps = 1 + leaf.WordsPerRow / SmallSteps;
        Span<ulong> possible = new ulong[leaf.WordsPerRow], certain = new ulong[leaf.WordsPerRow], any = new ulong[leaf.WordsPerRow];
        possible.Fill(ulong.MaxValue);
        certain.Fill(ulong.MaxValue);
        for (int facet = 0; facet < leaf.Facets.Length; facet++)
        {
            if (!Take(rowSteps))
                return false;
            if (box[leaf.Facets[facet]] is not { } within)
            {
                And(certain, Row(leaf, leaf.FreeRows[facet]));
                continue;
            }
            any.Clear();
            foreach ((long low, long high) in within.Intervals)
            {
                int last = leaf.CellOf(facet, high);
                for (int cell = leaf.CellOf(facet, low); cell <= last; cell++)
                {
                    if (!Take(rowSteps))
                        return false;
                    ReadOnlySpan<ulong> row = Row(leaf, leaf.RowOf[leaf.FirstBounds[facet] + facet + cell]);
                    And(certain, row);
                    for (int word = 0; word < any.Length; word++)
                        any[word] |= row[word];
                }
            }
            And(possible, any);
        }
        for (int place = 0; place < leaf.Answers.Length; place++)
        {
            if (!Take(1))
                return false;
            ulong bit = 1ul << (place % 64);
            if ((possible[place / 64] & bit) == 0)
                continue;
            found.Add([leaf.Answers[place]]);
            if ((certain[place / 64] & bit) != 0)
                break;
        }
        return true;
    }

    /// <summary>Each of the subtrees speaks of something else: one set of each, in every combination.</summary>
    private bool Fork(int at, int count, HashSet<int[]> found)
    {
        IReadOnlyCollection<int[]> together = [[]];
        foreach (int child in trees.Program.AsSpan().Slice(at + 1, count).ToArray())
        {
            var sets = new HashSet<int[]>(RuleSets.Comparer);
            if (!Walk(child, sets))
                return false;
            var more = new HashSet<int[]>(RuleSets.Comparer);
            foreach (int[] one in together)
            {
                foreach (int[] other in sets)
                {
                    if (!Take(one.Length + other.Length))
                        return false;
                    more.Add([.. one.Union(other).Order()]);
                }
            }
            together = more;
        }
        found.UnionWith(together);
        return true;
    }

    private static ReadOnlySpan<ulong> Row(MaskLeaf leaf, int row) => leaf.Rows.AsSpan().Slice(row * leaf.WordsPerRow, leaf.WordsPerRow);

    private static void And(Span<ulong> left, ReadOnlySpan<ulong> row)
    {
        for (int word = 0; word < left.Length; word++)
            left[word] &= row[word];
    }
}
