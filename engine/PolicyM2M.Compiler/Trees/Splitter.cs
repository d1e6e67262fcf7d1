using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Splits problems by one facet: at every code where a case's answer can change, what is left of the lists from there on.</summary>
internal sealed class Splitter(ConditionTable conditions, ImmutableArray<(long Lowest, long Highest)> codes, CompileBudget budget)
{
    /// <summary>The cells of a facet, each with its first code and what is left to decide there; null where more than <paramref name="limit"/> cases would be left in all.</summary>
    public List<(long Start, Problem Problem)>? Split(Problem problem, int facet, long limit)
    {
        long[][] own = [.. problem.Lists.Select(list => Bounds(list, facet))];
        long[] starts = [.. new SortedSet<long>(own.SelectMany(bounds => bounds)) { codes[facet].Lowest }];
        var lists = new List<CaseList>[starts.Length];
        var decided = new List<int>[starts.Length];
        for (int i = 0; i < starts.Length; i++)
            (lists[i], decided[i]) = ([], [.. problem.Decided]);

        long left = 0;
        for (int l = 0; l < own.Length; l++)
        {
            CaseList list = problem.Lists[l];
            CaseList[]? parts = own[l].Length == 0 ? [list] : Restricted(list, facet, own[l], limit - left);
            if (parts is null)
                return null;
            for (int part = 0, cell = 0; part < parts.Length; part++)
            {
                long end = part < own[l].Length ? own[l][part] : long.MaxValue;
                bool isLast = part == parts.Length - 1;
                for (; cell < starts.Length && (isLast || starts[cell] < end); cell++)
                {
                    if (!parts[part].IsDecided)
                    {
                        lists[cell].Add(parts[part]);
                        left += parts[part].Cases.Length;
                    }
                    else if (parts[part].Cases[0].Rule != LoweredCase.Silent)
                    {
                        decided[cell].Add(parts[part].Cases[0].Rule);
                    }
                }
                if (left > limit)
                    return null;
            }
        }
        budget.Spend(left);
        return [.. starts.Select((start, i) => (start, Problem.Of(decided[i], lists[i])))];
    }

    /// <summary>The codes, ascending, at which the list's cases change for this facet; the first cell begins before them.</summary>
    public long[] Bounds(CaseList list, int facet)
    {
        var bounds = new List<long>();
        var seen = new HashSet<int>();
        foreach (LoweredCase c in list.Cases)
            conditions.AddBounds(c.Condition, facet, bounds, seen);
        bounds.Sort();
        int kept = 0;
        for (int i = 0; i < bounds.Count; i++)
        {
            if (bounds[i] > (kept == 0 ? codes[facet].Lowest : bounds[kept - 1]) && bounds[i] <= codes[facet].Highest)
                bounds[kept++] = bounds[i];
        }
        return [.. bounds[..kept]];
    }

    /// <summary>What is left of a list in each of its cells: each case goes to those that it does not rule out.</summary>
    private CaseList[]? Restricted(CaseList list, int facet, long[] bounds, long limit)
    {
        var cells = new CaseList.Pruned[bounds.Length + 1];
        for (int i = 0; i < cells.Length; i++)
            cells[i] = new CaseList.Pruned();
        long left = 0;
        foreach (LoweredCase c in list.Cases)
        {
            if (conditions.FacetsOf(c.Condition).BinarySearch(facet) < 0)
            {
                left += cells.Length;
                foreach (CaseList.Pruned cell in cells)
                    AddTo(cell, c);
            }
            else if (conditions.TrySplit(c.Condition, facet, out var allowed, out int rest))
            {
                foreach ((long low, long high) in allowed.Intervals)
                {
                    int first = CellOf(bounds, low), last = CellOf(bounds, high);
                    left += last - first + 1;
                    for (int cell = first; cell <= last; cell++)
                        AddTo(cells[cell], c with { Condition = rest });
                }
            }
            else
            {
                left += cells.Length;
                for (int cell = 0; cell < cells.Length; cell++)
                {
                    if (!cells[cell].IsClosed)
                        AddTo(cells[cell], c with { Condition = conditions.Restrict(c.Condition, facet, cell == 0 ? codes[facet].Lowest : bounds[cell - 1]) });
                }
            }
            budget.Spend(1);
            // Cells that are closed take nothing in, so what is counted is only a hint when to look.
            if (left > limit && (left = cells.Sum(cell => (long)cell.Count)) > limit)
                return null;
        }
        return [.. cells.Select(cell => cell.ToList())];
    }

    /// <summary>The place of the cell that holds a code: how many bounds are not above it.</summary>
    public static int CellOf(long[] bounds, long code)
    {
        int found = Array.BinarySearch(bounds, code);
        return found >= 0 ? found + 1 : ~found;
    }

    private static void AddTo(CaseList.Pruned cell, LoweredCase c)
    {
        if (!cell.IsClosed)
            cell.Add(c);
    }
}
