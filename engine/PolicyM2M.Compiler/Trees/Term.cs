using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Trees;

/// <summary>A case as one conjunction of tests, each of another facet, in ascending order; with none it always matches.</summary>
internal sealed record Term(ImmutableArray<(int Facet, IntervalSet Codes)> Tests, int Answer);

/// <summary>Conditions to terms: the disjunctive normal form, as far as it stays small.</summary>
internal static class Terms
{
    /// <summary>The terms of a condition; null where there are more than <paramref name="limit"/>.</summary>
    public static List<SortedList<int, IntervalSet>>? Of(int condition, ConditionTable conditions, int limit, CompileBudget budget)
    {
        if (condition == ConditionTable.Always)
            return [[]];
        if (conditions.IsTest(condition, out int facet, out IntervalSet codes))
            return [new SortedList<int, IntervalSet> { [facet] = codes }];
        int[] parts = [.. conditions.PartsOf(condition, out bool isAll)];
        var terms = new List<SortedList<int, IntervalSet>>();
        if (isAll)
            terms.Add([]);
        foreach (int part in parts)
        {
            if (Of(part, conditions, limit, budget) is not { } inner)
                return null;
            if (!isAll)
                terms.AddRange(inner);
            else if (Both(terms, inner, limit, budget) is { } both)
                terms = both;
            else
                return null;
            if (terms.Count > limit)
                return null;
        }
        return terms;
    }

    private static List<SortedList<int, IntervalSet>>? Both(List<SortedList<int, IntervalSet>> left, List<SortedList<int, IntervalSet>> right, int limit, CompileBudget budget)
    {
        if ((long)left.Count * right.Count > limit * 4L)
            return null;
        budget.Spend((long)left.Count * right.Count);
        var both = new List<SortedList<int, IntervalSet>>();
        foreach (SortedList<int, IntervalSet> l in left)
        {
            foreach (SortedList<int, IntervalSet> r in right)
            {
                var joined = new SortedList<int, IntervalSet>(l);
                bool isPossible = true;
                foreach ((int facet, IntervalSet codes) in r)
                {
                    joined[facet] = joined.TryGetValue(facet, out IntervalSet known) ? known.And(codes) : codes;
                    isPossible &= !joined[facet].IsEmpty;
                }
                if (isPossible)
                    both.Add(joined);
            }
        }
        return both;
    }
}
