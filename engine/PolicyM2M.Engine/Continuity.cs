using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine;

/// <summary>Tells whether what some policies decided is what others decide too.</summary>
public static class Continuity
{
    /// <summary>A region of some policies meets tens of branches of others that are much like them; who must look at many more has mostly found another answer before.</summary>
    private const int MaximumSteps = 20_000;

    /// <summary>
    /// Whether other policies decide the same for every context of a region, at every moment between two. True is certain; false also stands for what takes too long to find out,
    /// for attributes that were defined anew,
    /// and for denials, which nobody keeps.
    /// </summary>
    /// <param name="outcome">What was decided.</param>
    /// <param name="region">Where it holds.</param>
    /// <param name="others">The other policies.</param>
    /// <param name="from">The first moment that matters.</param>
    /// <param name="until">The last.</param>
    public static bool Holds(Outcome outcome, RegionParts region, Bundle others, DateTimeOffset from, DateTimeOffset until)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(others);
        if (outcome.IsDenied || RegionBox.Of(region, others.AttributeTable, from, until) is not { } box)
            return false;
        var walk = new BoxWalk(others.Trees, others.AttributeTable.Codes.AsMemory(), box, MaximumSteps);
        return walk.From(others.Trees.Roots[(int)outcome.Kind]) is { Count: > 0 } sets
            && sets.All(answers => walk.Take(answers.Sum(answer => 1 + others.Trees.Answers[answer].Length)) && OutcomeOf(outcome, answers, others).Equals(outcome));
    }

    private static Outcome OutcomeOf(Outcome like, int[] answers, Bundle bundle)
    {
        var rules = new SortedSet<int>();
        uint stated = 0;
        foreach (int answer in answers)
        {
            rules.UnionWith(bundle.Trees.Answers[answer].ToArray());
            foreach (int rule in bundle.Trees.Answers[answer])
                stated |= bundle.RuleTable.StatedBy(rule);
        }
        return Judgement.Of(like.Kind, rules.Select(place => bundle.RuleTable[place]), stated).Outcome;
    }
}
