namespace PolicyM2M.Pdp.Identity;

/// <summary>Tells of terms that end, and of those that are over, once each. It belongs to the follower that looks at them.</summary>
/// <param name="log">Where it is told.</param>
/// <param name="then">What holds once one of them is over.</param>
internal sealed class TermWatch(ILogger log, string then)
{
    private Dictionary<Term, TermStage> _told = [];

    /// <summary>Looks at all that there are now; of others it forgets.</summary>
    public void Look(IEnumerable<Term> terms, DateTimeOffset now)
    {
        Dictionary<Term, TermStage> stages = [];
        foreach (Term term in terms.Distinct())
        {
            TermStage stage = stages[term] = term.At(now);
            if (stage == _told.GetValueOrDefault(term))
                continue;
            if (stage == TermStage.Ending)
                log.TermEnding(term.What, term.Until, then);
            else if (stage == TermStage.Over)
                log.TermOver(term.What, term.Until, then);
        }
        _told = stages;
    }
}
