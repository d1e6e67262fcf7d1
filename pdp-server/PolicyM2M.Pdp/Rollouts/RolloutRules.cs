using System.Collections.Immutable;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>
/// The states of a roll-out and the steps between them, as functions of a status and nothing else. A commit enters as a candidate or becomes active at once; a candidate is
/// promoted, or goes; an active revision is replaced, or rolled back. What was withdrawn, and whatever comes while there is a pin, waits.
/// </summary>
internal static class RolloutRules
{
    /// <summary>Of past revisions beyond these the oldest are forgotten.</summary>
    public const int MaximumPast = 50;

    /// <summary>So many of them are kept in memory: a roll-back is mostly by one.</summary>
    public const int MaximumLoaded = 5;

    /// <summary>The commits that may answer next, or at the next start.</summary>
    public static IEnumerable<string> CommitsAtHand(RevisionStatus status) =>
    [
        status.Active.CommitId, .. new[] { status.Candidate?.Revision, status.Waiting }.OfType<ActiveRevision>().Select(revision => revision.CommitId),
        .. status.Past.Take(MaximumLoaded).Select(past => past.CommitId),
    ];

    /// <summary>A commit that is good comes from the repository.</summary>
    /// <param name="status">The state before.</param>
    /// <param name="revision">The commit.</param>
    /// <param name="entry">How commits enter; null where they become active at once.</param>
    /// <param name="now">The moment.</param>
    public static RevisionStatus Offer(RevisionStatus status, ActiveRevision revision, RolloutStage? entry, DateTimeOffset now)
    {
        return status.Pin is not null || status.IsWithdrawn(revision)
            ? Wait(status, revision, now)
            : Enter(status with { Refused = null, LastPolledAt = now }, revision, entry, now);
    }

    /// <summary>A commit that is good waits.</summary>
    public static RevisionStatus Wait(RevisionStatus status, ActiveRevision revision, DateTimeOffset now) => status with { Refused = null, LastPolledAt = now, Waiting = revision };

    /// <summary>The candidate, or else what was withdrawn and waits, becomes active.</summary>
    /// <param name="status">The state before.</param>
    /// <param name="commit">What the operator takes it to be, or the beginning of that; empty where it does not matter.</param>
    /// <param name="now">The moment.</param>
    public static RolloutStep Promote(RevisionStatus status, string commit, DateTimeOffset now) =>
        Choose(status, commit, out ActiveRevision? revision) is { } obstacle ? obstacle
        : new RolloutStep.To(Activate(Restored(status, revision!) with { Floor = revision!.CommitId }, revision, now));

    /// <summary>Sets the stage of the candidate, or makes one of what was withdrawn and waits.</summary>
    /// <inheritdoc cref="Promote"/>
    public static RolloutStep SetStage(RevisionStatus status, string commit, RolloutStage stage, DateTimeOffset now)
    {
        if (Choose(status, commit, out ActiveRevision? revision) is { } obstacle)
            return obstacle;
        Candidate candidate = status.Candidate is { } known ? known with { Stage = stage } : new Candidate(revision!, stage, now, new Differences());
        return new RolloutStep.To(Restored(status, revision!) with { Candidate = candidate, Waiting = null, Floor = revision!.CommitId });
    }

    /// <summary>The candidate goes; what is active stays, pinned.</summary>
    public static RevisionStatus Abandon(RevisionStatus status, Pin pin) => status with { Candidate = null, Past = WithAbandoned(status), Pin = pin };

    /// <summary>The revision to go back to: the named one, or the latest that was replaced and decides otherwise than the active one.</summary>
    /// <param name="status">The state before.</param>
    /// <param name="commit">The commit, or its beginning; empty for the previous one.</param>
    /// <param name="refused">Why there is none.</param>
    public static PastRevision? FindEarlier(RevisionStatus status, string commit, out RolloutStep.Refused? refused)
    {
        refused = null;
        if (commit.Length == 0)
        {
            PastRevision? previous = status.Past.FirstOrDefault(past => past.Fate == Fate.Replaced && past.BundleHash != status.Active.Bundle.Hash);
            if (previous is null)
                refused = new RolloutStep.Refused(Obstacle.NotNow, "no revision with other policies is known to have been active before this one");
            return previous;
        }
        if (status.Active.CommitId.StartsWith(commit, StringComparison.Ordinal))
        {
            refused = new RolloutStep.Refused(Obstacle.NotNow, $"{status.Active.ShortId} is active already; `pin` keeps it so");
            return null;
        }
        // What never was active proved nothing: it is promoted, and not gone back to.
        PastRevision? named = status.Past.FirstOrDefault(past => past.Fate != Fate.Abandoned && past.CommitId.StartsWith(commit, StringComparison.Ordinal));
        if (named is null)
            refused = new RolloutStep.Refused(Obstacle.NotFound, $"no commit {ActiveRevision.Shorten(commit)} is known to have been active here; list the revisions");
        return named;
    }

    /// <summary>Goes back to an earlier revision. The active one, and all that came between, is withdrawn; to go to one that was rolled back before undoes that, and withdraws nothing.</summary>
    public static RevisionStatus RollBack(RevisionStatus status, ActiveRevision earlier, Pin pin, DateTimeOffset now)
    {
        ImmutableArray<PastRevision> past = WithAbandoned(status);
        int place = past.ToList().FindIndex(known => known.CommitId == earlier.CommitId);
        Fate fate = past[place].Fate == Fate.RolledBack ? Fate.Replaced : Fate.RolledBack;
        IEnumerable<PastRevision> between = past.Take(place).Select(known => known.Fate == Fate.Replaced ? known with { Fate = fate } : known);
        return status with
        {
            Active = earlier.Since(now),
            Candidate = null,
            Waiting = status.Waiting?.CommitId == earlier.CommitId ? null : status.Waiting,
            Pin = pin,
            Past = Bounded([PastRevision.Of(status.Active, fate), .. between, .. past.Skip(place + 1)]),
        };
    }

    /// <summary>The pin goes, and what waits enters unless it was withdrawn.</summary>
    public static RolloutStep Unpin(RevisionStatus status, RolloutStage? entry, DateTimeOffset now)
    {
        if (status.Pin is null)
            return new RolloutStep.Refused(Obstacle.NotNow, "there is no pin");
        RevisionStatus free = status with { Pin = null };
        return new RolloutStep.To(status.Waiting is { } waiting && !status.IsWithdrawn(waiting) ? Enter(free, waiting, entry, now) : free);
    }

    /// <summary>The commit that was refused for its history is judged again, by all else.</summary>
    public static RolloutStep AcceptHistory(RevisionStatus status, string commit) => status.Refused is { IsOtherHistory: true } refused && refused.CommitId.StartsWith(commit, StringComparison.Ordinal)
        ? new RolloutStep.To(status with { Accepted = refused.CommitId, Refused = null })
        : new RolloutStep.Refused(Obstacle.NotFound, $"{ActiveRevision.Shorten(commit)} is not the commit that was refused for its history; the status names it");

    private static RolloutStep.Refused? Choose(RevisionStatus status, string commit, out ActiveRevision? revision)
    {
        revision = status.Candidate?.Revision ?? status.Waiting;
        if (status.Pin is { } pin)
            return new RolloutStep.Refused(Obstacle.NotNow, $"{status.Active.ShortId} is pinned by {pin.By}: {pin.Reason}; `unpin` first");
        if (revision is null)
            return new RolloutStep.Refused(Obstacle.NotNow, "there is no candidate, and no commit waits");
        return revision.CommitId.StartsWith(commit, StringComparison.Ordinal) ? null
            : new RolloutStep.Refused(Obstacle.Crossed, $"{ActiveRevision.Shorten(commit)} is not the candidate; that is {revision.ShortId}");
    }

    private static RevisionStatus Enter(RevisionStatus status, ActiveRevision revision, RolloutStage? entry, DateTimeOffset now)
    {
        RevisionStatus entered = status with { Floor = revision.CommitId, Waiting = null, Accepted = null };
        // A commit that leaves the policies as they are has nothing to prove.
        if (entry is null || revision.Bundle.Hash == status.Active.Bundle.Hash)
            return Activate(entered, revision, now);
        Candidate candidate = status.Candidate is { } known && known.Revision.Bundle.Hash == revision.Bundle.Hash
            ? known with { Revision = revision }
            : new Candidate(revision, entry, now, new Differences());
        return entered with { Candidate = candidate };
    }

    private static RevisionStatus Activate(RevisionStatus status, ActiveRevision revision, DateTimeOffset now)
    {
        ImmutableArray<PastRevision> past = Without(status.Past, revision.CommitId);
        return status with
        {
            Active = revision.Since(now),
            Candidate = null,
            Waiting = null,
            Past = revision.CommitId == status.Active.CommitId ? past : Bounded([PastRevision.Of(status.Active, Fate.Replaced), .. past]),
        };
    }

    /// <summary>Keeps an earlier revision in memory that was compiled again, so that a roll-back takes no compiler. Where that makes too many, the one that was active longest ago goes.</summary>
    public static RevisionStatus Load(RevisionStatus status, ActiveRevision revision)
    {
        if (status.Past.All(known => known.CommitId != revision.CommitId))
            return status;
        List<PastRevision> past =
            [.. status.Past.Select(known => known.CommitId == revision.CommitId ? known with { Loaded = revision, BundleHash = revision.Bundle.Hash, Summary = revision.Summary } : known)];
        // One that decides as the active one is nothing to go back to: its hash is enough.
        if (revision.Bundle.Hash == status.Active.Bundle.Hash || past.Count(known => known.Loaded is not null) > MaximumLoaded)
        {
            int unloaded = revision.Bundle.Hash == status.Active.Bundle.Hash
                ? past.FindIndex(known => known.CommitId == revision.CommitId)
                : past.FindLastIndex(known => known.Loaded is not null && known.CommitId != revision.CommitId);
            past[unloaded] = past[unloaded] with { Loaded = null };
        }
        return status with { Past = [.. past] };
    }

    /// <summary>Somebody brings policies back that were withdrawn: the judgement on them is undone.</summary>
    private static RevisionStatus Restored(RevisionStatus status, ActiveRevision revision) =>
        status with { Past = status.Past.RemoveAll(past => past.CommitId == revision.CommitId || past.IsWithdrawn && past.BundleHash == revision.Bundle.Hash) };

    private static ImmutableArray<PastRevision> WithAbandoned(RevisionStatus status) =>
        status.Candidate is { } candidate ? Bounded([PastRevision.Of(candidate.Revision, Fate.Abandoned), .. Without(status.Past, candidate.Revision.CommitId)]) : status.Past;

    private static ImmutableArray<PastRevision> Without(ImmutableArray<PastRevision> past, string commit) => past.RemoveAll(known => known.CommitId == commit);

    private static ImmutableArray<PastRevision> Bounded(ImmutableArray<PastRevision> past)
    {
        int loaded = 0;
        return [.. past.Take(MaximumPast).Select(known => known.Loaded is null || loaded++ < MaximumLoaded ? known : known with { Loaded = null })];
    }
}
