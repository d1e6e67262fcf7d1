using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Looks for codes under which a condition holds. Facets are taken to be free of each other: of those that are not (an instant and its age, two attributes and whether they are the same) it may say
/// that they hold together where they cannot, never the reverse.
/// </summary>
internal sealed class ConditionSearch(AttributeTable attributes, ConditionTable conditions, CompileBudget budget)
{
    /// <summary>Whether some codes are under a condition.</summary>
    /// <exception cref="BudgetExceededException">To find out is too much work.</exception>
    public bool CanHold(int condition)
    {
        if (condition is ConditionTable.Always or ConditionTable.Never || conditions.IsTest(condition, out _, out _))
            return condition != ConditionTable.Never;
        budget.Spend(1);
        int[] parts = conditions.PartsOf(condition, out bool isAll).ToArray();
        if (!isAll)
            return parts.Any(CanHold);
        // Parts that look at different things hold together where each does; only what several of them look at must be tried.
        if (parts.Sum(part => conditions.FacetsOf(part).Length) == conditions.FacetsOf(condition).Length)
            return parts.All(CanHold);
        int facet = Shared(parts);
        return CodesOf(condition, facet).Any(code => CanHold(conditions.Restrict(condition, facet, code)));
    }

    /// <summary>A code of a facet from each part that a condition tells apart.</summary>
    public IEnumerable<long> CodesOf(int condition, int facet)
    {
        (long lowest, long highest) = attributes.Codes[facet];
        List<long> codes = [lowest];
        conditions.AddBounds(condition, facet, codes, []);
        return codes.Where(code => code >= lowest && code <= highest).Distinct();
    }

    private int Shared(int[] parts)
    {
        var seen = new HashSet<int>();
        return parts.SelectMany(part => conditions.FacetsOf(part).ToArray()).First(facet => !seen.Add(facet));
    }
}
