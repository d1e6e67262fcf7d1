using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>What a server starts with, where an earlier one left a roll-out behind.</summary>
internal static class RolloutStart
{
    /// <summary>
    /// The state at the start. Where something is pinned, on trial or withdrawn, that comes first, and the newest commit enters by the rules after that, at the follower's first look;
    /// otherwise the server starts with the newest.
    /// </summary>
    /// <param name="source">Where commits come from.</param>
    /// <param name="lastServed">The commit that was served last; null where none is known.</param>
    /// <param name="remembered">What an earlier server left behind; null for nothing.</param>
    /// <param name="accepted">The commit that is let in at this start although it does not follow; null for none.</param>
    /// <param name="entry">How commits enter; null where they become active at once.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="StartupException">There is nothing to start with, or what is pinned cannot be served.</exception>
    /// <exception cref="PolicyStoreException">The policy set cannot be read.</exception>
    public static RevisionStatus Load(
        RevisionSource source, ServedCommit? lastServed, RememberedRollout? remembered, string? accepted, RolloutStage? entry, DateTimeOffset now, CancellationToken cancellation)
    {
        RevisionStatus first;
        // What was let in needs no leave.
        accepted = accepted == (remembered?.Floor ?? lastServed?.Commit) ? remembered?.Accepted : accepted ?? remembered?.Accepted;
        // With stages the commit that was served last stays until the newest has proved itself; where there is none, nothing is there to compare with.
        if (remembered is null)
        {
            first = entry is not null && lastServed is not null && source.Reload(lastServed, now, cancellation).Revision is { } served
                ? new RevisionStatus(served, null, now)
                : source.LoadFirst(now, lastServed, lastServed?.Commit, accepted, cancellation);
            return lastServed is null ? first
                : first.Active.CommitId == lastServed.Commit ? first with { Accepted = accepted }
                : first with { Past = [new PastRevision(lastServed.Commit, "", "", null, Fate.Replaced, lastServed.WasSigned)] };
        }
        first = entry is not null || remembered.Pin is not null || remembered.Candidate is not null || IsWithdrawn(source, remembered)
            ? new RevisionStatus(Active(source, remembered, now, cancellation), null, now)
            : source.LoadFirst(now, remembered.Active.ToServed(), remembered.Floor, accepted, cancellation);
        // Policies that were withdrawn do not come back because another commit has them.
        if (first.Active.Bundle.Hash != remembered.Active.Bundle && remembered.Past.Any(past => past.Fate != Fate.Replaced && past.Bundle == first.Active.Bundle.Hash))
            first = new RevisionStatus(Active(source, remembered, now, cancellation), null, now);
        bool isActive = first.Active.CommitId == remembered.Active.Commit;
        return first with
        {
            Active = isActive && remembered.Active.ActivatedAt is { } activatedAt ? first.Active.Since(activatedAt) : first.Active,
            Pin = remembered.Pin,
            Candidate = remembered.Candidate is { } candidate && source.Reload(candidate.Commit, now, cancellation).Revision is { } revision
                ? new Candidate(revision, RolloutStage.Parse(candidate.Stage)!, candidate.Since, new Differences())
                : null,
            Floor = isActive ? remembered.Floor : first.Active.CommitId,
            Accepted = isActive ? accepted : null,
            Past = [.. remembered.Past.Prepend(remembered.Active).Select(past => past.ToPast()).Where(past => past.CommitId != first.Active.CommitId)],
        };
    }

    /// <summary>
    /// The state of before the newest commit, which waits: where a restart would not know that it was served, it does not answer. The same where the newest was served before; null where nothing was.
    /// </summary>
    /// <param name="source">Where commits come from.</param>
    /// <param name="lastServed">The commit that was served last; null where none is known.</param>
    /// <param name="remembered">What an earlier server left behind; null for nothing.</param>
    /// <param name="accepted">The commit that is let in at this start although it does not follow; null for none.</param>
    /// <param name="first">The state with the newest commit.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="StartupException">What was served before cannot be served.</exception>
    public static RevisionStatus? Before(RevisionSource source, ServedCommit? lastServed, RememberedRollout? remembered, string? accepted, RevisionStatus first, DateTimeOffset now)
    {
        if ((remembered?.Active.ToServed() ?? lastServed) is not { } served)
            return null;
        if (first.Active.CommitId == served.Commit)
            return first;
        (ActiveRevision? revision, string? fault) = source.Reload(served, now);
        if (revision is null)
        {
            throw new StartupException($"the commit {first.Active.ShortId} cannot be remembered for a restart, and {ActiveRevision.Shorten(served.Commit)}, which was served before it, cannot be served: {fault}; "
                + "make the data folder writable", ExitCode.CouldNotRun);
        }
        return RolloutRules.Wait(first, first.Active, now) with
        {
            Active = remembered?.Active.ActivatedAt is { } activatedAt ? revision.Since(activatedAt) : revision,
            Floor = remembered?.Floor ?? served.Commit,
            Accepted = accepted ?? remembered?.Accepted,
            Past = [.. first.Past.Where(past => past.CommitId != served.Commit)],
        };
    }

    private static ActiveRevision Active(RevisionSource source, RememberedRollout remembered, DateTimeOffset now, CancellationToken cancellation)
    {
        (ActiveRevision? active, string? fault) = source.Reload(remembered.Active.ToServed(), now, cancellation);
        string why = remembered.Pin is { } pin ? $"pinned by {pin.By} ({pin.Reason})" : "active while a newer one is on trial or was rolled back";
        return active ?? throw new StartupException(
            $"the commit {ActiveRevision.Shorten(remembered.Active.Commit)} is {why}, and it cannot be served: {fault}; mend that, or remove `rollout.json` from the data folder to start with the newest commit",
            ExitCode.InvalidPolicy);
    }

    private static bool IsWithdrawn(RevisionSource source, RememberedRollout remembered)
    {
        try
        {
            string newest = source.FindCommit();
            return remembered.Past.Any(past => past.Commit == newest && past.Fate != Fate.Replaced);
        }
        catch (PolicyStoreException)
        {
            // It is told by whoever loads it.
            return false;
        }
    }
}
