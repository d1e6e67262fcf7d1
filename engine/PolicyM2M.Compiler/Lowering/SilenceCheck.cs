using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Warns of a case by which a device gains from saying nothing: it holds for <c>not has x</c>, and some value of x would have led the same device to a case further down that is
/// stricter. It warns only where it found such a value, and not of everything: where a case also tests what x is, or where it takes too much work, it says nothing.
/// </summary>
internal sealed class SilenceCheck(AttributeTable attributes, ConditionTable conditions, CompileBudget budget, Faults faults)
{
    /// <summary>A small part of what compiling may cost: the warning is a help, and no set is refused for it.</summary>
    private long _work = 200_000;

    /// <param name="target">The lowered target of the policy.</param>
    /// <param name="block">The block.</param>
    /// <param name="cases">Its lowered conditions, in its order.</param>
    public void Check(int target, BoundBlock block, IReadOnlyList<int> cases)
    {
        try
        {
            budget.Within(ref _work, () =>
            {
                for (int i = 0; i < cases.Count; i++)
                {
                    if (!block.Cases[i].Rule.Says.IsDenied)
                        Check(target, block, cases, i);
                }
                return 0;
            });
        }
        catch (BudgetExceededException)
        {
            // What was found so far is said, and the rest is not looked for; unless it was the budget of all that ran out.
            if (_work > 0)
                throw;
        }
    }

    private void Check(int target, BoundBlock block, IReadOnlyList<int> cases, int at)
    {
        foreach (int has in conditions.FacetsOf(cases[at]).ToArray().Where(facet => attributes.Facets[facet].Kind == FacetKind.Has))
        {
            int attribute = attributes.Facets[has].Attribute;
            (int silent, int spokenHere) = (conditions.Restrict(cases[at], has, 0), conditions.Restrict(cases[at], has, 1));
            if (silent == ConditionTable.Never || silent == spokenHere || Asks(silent, attribute) || Asks(target, attribute))
                continue;
            // The cases above are looked at only now, and paid for: most cases that ask `has` do not come here, and what is restricted already would cost nothing.
            budget.Spend(at);
            int[] silentAbove = [.. cases.Take(at).Select(condition => conditions.Restrict(condition, has, 0))];
            // Where silence leaves the choice open between cases, the strictest of them is the answer.
            if (silentAbove.Any(condition => Asks(condition, attribute)))
                continue;
            IEnumerable<int> spokenAbove = cases.Take(at).Select(condition => conditions.Restrict(condition, has, 1));
            int left = conditions.And([conditions.Restrict(target, has, 1), silent, .. silentAbove.Concat(spokenAbove).Append(spokenHere).Select(conditions.Not)]);
            for (int below = at + 1; below < cases.Count && left != ConditionTable.Never; below++)
            {
                int spoken = conditions.Restrict(cases[below], has, 1);
                if (IsLooser(block.Cases[at].Rule.Says, block.Cases[below].Rule.Says) && CanHold(conditions.And([left, spoken])))
                {
                    faults.GainsBySilence(block.Cases[at].Rule.Source, attributes.Codings[attribute].Definition, block.Cases[below].Rule.Source);
                    return;
                }
                left = conditions.And([left, conditions.Not(spoken)]);
            }
        }
    }

    /// <summary>Whether a condition looks at what an attribute is, or at an age that follows from it.</summary>
    private bool Asks(int condition, int attribute)
    {
        int instant = attributes.AgeOf[attribute] >= 0 ? attributes.AgeOf[attribute] : attribute;
        foreach (int place in conditions.FacetsOf(condition))
        {
            Facet facet = attributes.Facets[place];
            if (IsOf(facet.Attribute) || (facet.Kind == FacetKind.Same && IsOf(facet.Other)))
                return true;
        }
        return false;

        bool IsOf(int other) => other >= 0 && (other == instant || attributes.AgeOf[other] == instant);
    }

    /// <summary>Whether an outcome is looser than another in any field, with what holds for those that nobody states.</summary>
    private static bool IsLooser(Outcome outcome, Outcome than) => Stated(than).DirectionTo(Stated(outcome)).HasFlag(Direction.Looser);

    private static Outcome Stated(Outcome outcome) => outcome.IsDenied ? outcome
        : Outcome.Allow(outcome.Kind, Field.Of(outcome.Kind).Where(field => outcome[field] is null && field.WhenUnstated is not null).Select(field => (field, field.WhenUnstated!)).Concat(outcome.Values));

    /// <summary>Whether some context is under a condition: the codes of one facet after the other are tried, as far as they are told apart.</summary>
    private bool CanHold(int condition)
    {
        if (condition is ConditionTable.Always or ConditionTable.Never)
            return condition == ConditionTable.Always;
        if (!AreIndependent(conditions.FacetsOf(condition)))
            return false;
        int facet = conditions.FacetsOf(condition)[0];
        (long lowest, long highest) = attributes.Codes[facet];
        List<long> codes = [lowest];
        conditions.AddBounds(condition, facet, codes, []);
        return codes.Where(code => code >= lowest && code <= highest).Distinct().Any(code => CanHold(conditions.Restrict(condition, facet, code)));
    }

    /// <summary>Whether any codes of the facets can meet: those of the clock hang together, and so do an instant and its age, and two attributes and whether they are the same.</summary>
    private bool AreIndependent(ReadOnlySpan<int> facets)
    {
        int clocks = 0;
        var instants = new HashSet<int>();
        foreach (int place in facets)
        {
            Facet facet = attributes.Facets[place];
            if (facet.Kind == FacetKind.Same || (facet.IsClock && ++clocks > 1))
                return false;
            if (facet.Kind == FacetKind.Value && !instants.Add(attributes.AgeOf[facet.Attribute] >= 0 ? attributes.AgeOf[facet.Attribute] : facet.Attribute))
                return false;
        }
        return clocks == 0 || instants.Count == 0 || !Ages(facets);

        bool Ages(ReadOnlySpan<int> all)
        {
            foreach (int place in all)
            {
                if (attributes.Facets[place].Kind == FacetKind.Value && attributes.AgeOf[attributes.Facets[place].Attribute] >= 0)
                    return true;
            }
            return false;
        }
    }
}
