using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Which facet to split by: the one after which the fewest cases are left in a cell on average.</summary>
internal sealed class FacetChoice(ConditionTable conditions, Splitter splitter, CompileBudget budget)
{
    /// <param name="Facet">The facet; -1 where there is none.</param>
    /// <param name="Copies">How many cases its cells hold together, about.</param>
    /// <param name="Average">How many a cell holds.</param>
    /// <param name="Cells">How many cells there are.</param>
    private readonly record struct Choice(int Facet, long Copies, double Average, long Cells)
    {
        public static Choice None { get; } = new(-1, long.MaxValue, double.MaxValue, long.MaxValue);

        /// <summary>The better of two; of equals the one with fewer cells, then the first.</summary>
        public Choice Or(Choice other) => other.Average < Average || (other.Average == Average && other.Cells < Cells) ? other : this;
    }

    /// <summary>
    /// The best facet; -1 where no case tests any. Where that one copies too many cases, it is the best of those that copy none: policies that are each for
    /// another value of one attribute then part, and where that attribute is missing it is known that one of them speaks.
    /// </summary>
    /// <param name="problem">What to split.</param>
    /// <param name="mostCopies">How many cases the cells may hold together.</param>
    public int Best(Problem problem, long mostCopies)
    {
        // A case that always matches ends its list, and costs nothing wherever it is copied to.
        long size = problem.Cases.Count(c => c.Condition != ConditionTable.Always);
        var tested = new SortedSet<int>();
        foreach (LoweredCase c in problem.Cases)
        {
            budget.Spend(conditions.FacetsOf(c.Condition).Length);
            foreach (int facet in conditions.FacetsOf(c.Condition))
                tested.Add(facet);
        }
        (Choice best, Choice separating) = (Choice.None, Choice.None);
        foreach ((int facet, long copies, long cells) in tested.Count == 0 ? [] : Measured(problem, [.. tested], size))
        {
            var choice = new Choice(facet, copies, (double)copies / cells, cells);
            best = best.Or(choice);
            if (copies <= Math.Min(size, mostCopies))
                separating = separating.Or(choice);
        }
        return best.Copies <= mostCopies ? best.Facet : separating.Facet;
    }

    private IEnumerable<(int Facet, long Copies, long Cells)> Measured(Problem problem, int[] facets, long size)
    {
        var bounds = new List<long>[facets.Length];
        for (int f = 0; f < facets.Length; f++)
            bounds[f] = [];
        HashSet<int>[] seen = [.. facets.Select(_ => new HashSet<int>())];
        foreach (CaseList list in problem.Lists)
        {
            for (int f = 0; facets.Length <= Few && f < facets.Length; f++)
                bounds[f].AddRange(splitter.Bounds(list, facets[f]));
            if (facets.Length <= Few)
                continue;
            // With many facets each case names few of them: ask each case for its own.
            foreach (LoweredCase c in list.Cases)
            {
                foreach (int facet in conditions.FacetsOf(c.Condition))
                {
                    int f = Array.BinarySearch(facets, facet);
                    conditions.AddBounds(c.Condition, facet, bounds[f], seen[f]);
                }
            }
        }
        long[][] sorted = [.. bounds.Select(b => b.Distinct().Order().ToArray())];
        var tests = new long[facets.Length];
        var copies = new long[facets.Length];
        // Many cases share a test, and one test may be a list of thousands.
        Dictionary<IntervalSet, long>[] covered = [.. facets.Select(_ => new Dictionary<IntervalSet, long>())];
        foreach (LoweredCase c in problem.Cases)
        {
            foreach (int facet in conditions.FacetsOf(c.Condition))
            {
                int f = Array.BinarySearch(facets, facet);
                tests[f]++;
                if (!conditions.TrySplit(c.Condition, facet, out var allowed, out _))
                {
                    copies[f] += sorted[f].Length + 1;
                    continue;
                }
                if (!covered[f].TryGetValue(allowed, out long cells))
                {
                    foreach ((long low, long high) in allowed.Intervals)
                        cells += Splitter.CellOf(sorted[f], high) - Splitter.CellOf(sorted[f], low) + 1;
                    covered[f].Add(allowed, cells);
                }
                copies[f] += cells;
            }
        }
        for (int f = 0; f < facets.Length; f++)
        {
            long cells = sorted[f].Length + 1;
            yield return (facets[f], copies[f] + (size - tests[f]) * cells, cells);
        }
    }

    /// <summary>Up to so many facets, going through all cases once for each costs less than keeping a set for each of them of what was seen.</summary>
    private const int Few = 8;
}
