using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// Warns of a case by which a device gains where an attribute is missing: without it the case is chosen, and some value would have led the same device to a case that is stricter. It counts what
/// prohibitions and requirements of all policies say of the silent device, and not what other blocks do. It warns only where it found such a value, and not of everything: where what is
/// missing leaves the choice open, and where it takes too much work, it says nothing.
/// </summary>
internal sealed class SilenceCheck(AttributeTable attributes, ConditionTable conditions, CompileBudget budget, Faults faults)
{
    private readonly List<(int Applies, Outcome Says)> _demands = [];
    private readonly ConditionSearch _search = new(attributes, conditions, budget);

    /// <summary>A small part of what compiling may cost: the warning is a help, and no set is refused for it.</summary>
    private long _work = 200_000;

    /// <summary>Notes a demand: what it says, and the lowered condition under which it says it.</summary>
    public void Note(int applies, Outcome says) => _demands.Add((applies, says));

    /// <summary>Warns of the cases of a block, once all demands are noted.</summary>
    /// <param name="target">The lowered target of the policy.</param>
    /// <param name="block">The block.</param>
    /// <param name="cases">Its lowered conditions, in its order.</param>
    public void Check(int target, BoundBlock block, IReadOnlyList<int> cases)
    {
        try
        {
            budget.Within(ref _work, () =>
            {
                var asked = new SortedSet<int>();
                foreach (int condition in cases)
                {
                    foreach (int facet in conditions.FacetsOf(condition))
                    {
                        if (attributes.Facets[facet].Kind == FacetKind.Has)
                            asked.Add(facet);
                    }
                }
                foreach (int has in asked.Where(has => !Asks(target, attributes.Facets[has].Attribute)))
                    Check(target, block, cases, has);
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

    private void Check(int target, BoundBlock block, IReadOnlyList<int> cases, int has)
    {
        int attribute = attributes.Facets[has].Attribute;
        int first = 0;
        while (first < cases.Count && conditions.FacetsOf(cases[first]).BinarySearch(has) < 0)
            first++;
        budget.Spend(first);
        int left = conditions.And([target, .. cases.Take(first).Select(conditions.Not)]);
        // Where silence leaves the choice open between cases, the strictest of them is the answer.
        if (cases.Take(first).Any(condition => Asks(condition, attribute)))
            return;
        left = conditions.And([left, .. Demands(block.Kind).Where(demand => demand.Says.IsDenied).Select(demand => conditions.Not(Silent(demand.Applies, has)))]);
        for (int at = first; at < cases.Count && left != ConditionTable.Never; at++)
        {
            budget.Spend(1);
            int silent = conditions.Restrict(cases[at], has, 0);
            if (Asks(silent, attribute))
                return;
            if (silent != ConditionTable.Never && !block.Cases[at].Rule.Says.IsDenied)
                Compare(block, cases, has, (first, at), conditions.And([left, silent]));
            left = conditions.And([left, conditions.Not(silent)]);
        }
    }

    /// <summary>Looks for a case to which a value leads where silence leads to another, and that is stricter.</summary>
    private void Compare(BoundBlock block, IReadOnlyList<int> cases, int has, (int First, int At) silence, int left)
    {
        var passed = new List<int>();
        for (int other = silence.First; other < cases.Count && left != ConditionTable.Never; other++)
        {
            budget.Spend(1);
            int spoken = conditions.Restrict(cases[other], has, 1);
            if (spoken == ConditionTable.Never)
                continue;
            if (other != silence.At && IsLooser(block.Cases[silence.At].Rule.Says, block.Cases[other].Rule.Says))
            {
                left = conditions.And([left, .. passed.Select(conditions.Not)]);
                passed.Clear();
                int both = conditions.And([left, spoken]);
                if (both != ConditionTable.Never && IsLooser(Tightened(block.Cases[silence.At].Rule.Says, both, has), block.Cases[other].Rule.Says) && CanHold(both))
                {
                    faults.GainsBySilence(block.Cases[silence.At].Rule.Source, attributes.Codings[attributes.Facets[has].Attribute].Definition, block.Cases[other].Rule.Source);
                    return;
                }
            }
            passed.Add(spoken);
        }
    }

    /// <summary>An outcome with what is required of the silent device wherever a condition holds.</summary>
    private Outcome Tightened(Outcome says, int where, int has) =>
        Demands(says.Kind).Where(demand => !demand.Says.IsDenied && conditions.And([where, conditions.Not(Silent(demand.Applies, has))]) == ConditionTable.Never)
            .Aggregate(says, (met, demand) => met.Meet(demand.Says));

    private IEnumerable<(int Applies, Outcome Says)> Demands(DecisionKind kind) => _demands.Where(demand => demand.Says.Kind == kind);

    /// <summary>Where a demand holds for a device of which the attribute is missing: also where it only may, since then the strictest is the answer.</summary>
    private int Silent(int applies, int has)
    {
        int silent = conditions.Restrict(applies, has, 0), attribute = attributes.Facets[has].Attribute;
        foreach (int facet in conditions.FacetsOf(silent).ToArray().Where(facet => IsOf(attributes.Facets[facet], attribute)))
            silent = conditions.Or(_search.CodesOf(silent, facet).Select(code => conditions.Restrict(silent, facet, code)).ToArray());
        return silent;
    }

    /// <summary>Whether a condition looks at what an attribute is, or at an age that follows from it.</summary>
    private bool Asks(int condition, int attribute)
    {
        foreach (int place in conditions.FacetsOf(condition))
        {
            if (IsOf(attributes.Facets[place], attribute))
                return true;
        }
        return false;
    }

    /// <summary>Whether a facet looks at an attribute, or at one that has the same instant. Whether it is there is no longer asked where it is missing.</summary>
    private bool IsOf(Facet facet, int attribute)
    {
        int instant = Instant(attribute);
        return !facet.IsClock && (Instant(facet.Attribute) == instant || (facet.Kind == FacetKind.Same && Instant(facet.Other) == instant));

        int Instant(int of) => attributes.AgeOf[of] >= 0 ? attributes.AgeOf[of] : of;
    }

    /// <summary>Whether an outcome is looser than another in any field, with what holds for those that nobody states.</summary>
    private static bool IsLooser(Outcome outcome, Outcome than) => Stated(than).DirectionTo(Stated(outcome)).HasFlag(Direction.Looser);

    private static Outcome Stated(Outcome outcome) => outcome.IsDenied ? outcome
        : Outcome.Allow(outcome.Kind, Field.Of(outcome.Kind).Where(field => outcome[field] is null && field.WhenUnstated is not null)
            .Select(field => (field, field.WhenUnstated!)).Concat(outcome.Values));

    /// <summary>Whether some context is certain to be under a condition.</summary>
    private bool CanHold(int condition) => AreIndependent(conditions.FacetsOf(condition)) && _search.CanHold(condition);

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
