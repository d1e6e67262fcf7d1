using System.Text.Json;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>
/// The only one who changes what is served, for the follower and for operators. One change at a time: under its lock a step is computed from the state as it is, takes effect in one
/// assignment, and is then written down. A state that cannot be written still counts: whoever must roll back while a disk is full is not kept from it. What the follower brings is written down before it
/// takes effect, and waits where it cannot be: after a restart, history must go forward from it.
/// </summary>
internal sealed class Rollout(
    RevisionState state, RevisionSource source, LastServed lastServed, RolloutMemory memory, Activations activations, IRehearsal rehearsal, PdpOptions options, AuditTrail audit,
    TimeProvider clock, ILogger<Rollout> log)
{
    private readonly Lock _lock = new();
    private volatile string? _notRemembered;

    /// <summary>So soon after its moment a change that was made ready for it takes effect, unless a clock was set.</summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(5);

    /// <summary>The commit to go back to that could not be loaded; the follower's alone.</summary>
    private string? _unprepared;

    public RevisionStatus Current => state.Current;

    /// <summary>How new commits enter; null where they become active at once.</summary>
    public RolloutStage? Entry => options.Rollout;

    /// <summary>Why a restart would not know of the state; null where it would.</summary>
    public string? NotRemembered => _notRemembered;

    /// <summary>Writes down what the server starts with, and tells it. Where that cannot be written, what was served before goes on, as with any commit that the follower brings.</summary>
    /// <param name="before">The state of before the newest commit, for one that has it; null where there is none.</param>
    /// <exception cref="StartupException">It cannot be written, and nothing was served before.</exception>
    public void Begin(Func<RevisionStatus, RevisionStatus?> before)
    {
        lock (_lock)
        {
            RevisionStatus first = state.Current;
            if (!Remember(first))
            {
                RevisionStatus known = before(first)
                    ?? throw new StartupException($"the commit {first.Active.ShortId} cannot be remembered for a restart, after which history could go back: {_notRemembered}; make the data folder writable");
                if (!ReferenceEquals(known, first))
                {
                    state.Begin(known);
                    // One of the files may be written already. What does not count is taken back there, as far as that can be done.
                    _ = Write(known);
                    log.Waits(first.Active.ShortId, first.Active.Summary, "cannot be remembered", known.Active.ShortId);
                }
                first = known;
            }
            Serving(first.Active);
            if (first.Candidate is { } candidate)
                OnTrial(candidate, first.Active);
            if (first.Pin is { } pin)
                log.StillPinned(first.Active.ShortId, pin.By, pin.Reason);
        }
    }

    /// <summary>A commit that is good comes from the repository.</summary>
    /// <exception cref="OperationCanceledException">The server ends before the commit became active.</exception>
    public void Offer(ActiveRevision revision, DateTimeOffset now, CancellationToken cancellation = default)
    {
        RevisionStatus Step(RevisionStatus status) => RolloutRules.Offer(status, revision, Entry, now);
        Take(status => new RolloutStep.To(Step(status)), status => RolloutRules.Wait(status, revision, now), RehearsedAtLeisure(Step, cancellation));
    }

    /// <summary>The follower's findings, which move no revision.</summary>
    public void Change(Func<RevisionStatus, RevisionStatus> change) => Change(status => new RolloutStep.To(change(status)));

    /// <summary>Takes a step, where the state allows it.</summary>
    /// <param name="step">The step, from the state as it is then.</param>
    public RolloutStep Change(Func<RevisionStatus, RolloutStep> step) => Take(step, null);

    /// <summary>
    /// Makes ready what nobody waits for, outside of the lock, for a moment that is set beforehand: what is answered from then on says since when. Null where there is nothing to be made ready.
    /// </summary>
    private Rehearsed? RehearsedAtLeisure(Func<RevisionStatus, RevisionStatus> step, CancellationToken cancellation)
    {
        RevisionStatus before = state.Current, after = step(before);
        // Nothing is answered from memory beside a candidate; and what cannot be remembered is offered again at each look.
        if (after.Candidate is not null || after.AnswersAs(before) || _notRemembered is not null || rehearsal.Leisure is var time && time == TimeSpan.Zero)
            return null;
        after = Dated(before, after, clock.GetUtcNow() + time);
        return new Rehearsed(before, after, rehearsal.RehearseAtLeisure(after, time, cancellation));
    }

    private RolloutStep Take(Func<RevisionStatus, RolloutStep> step, Func<RevisionStatus, RevisionStatus>? whereNotRemembered, Rehearsed? rehearsed = null)
    {
        lock (_lock)
        {
            RevisionStatus before = state.Current;
            RolloutStep taken = step(before);
            if (taken is not RolloutStep.To { Status: var after })
                return taken;
            // Where another change came between, or the clock was set, what was made ready for a change from before comes to nothing.
            if (ReferenceEquals(before, rehearsed?.Before) && clock.GetUtcNow() - rehearsed.After.AnswersSince is var late && late >= TimeSpan.Zero && late < Punctual)
                after = rehearsed.After;
            else if (!after.AnswersAs(before))
                after = Dated(before, after, clock.GetUtcNow());
            bool isWritten = false;
            if (whereNotRemembered is not null && !IsRememberedAlike(before, after))
            {
                isWritten = true;
                if (!Remember(after))
                {
                    after = whereNotRemembered(before);
                    // One of the files may be written already. What does not count is taken back there, as far as that can be done.
                    _ = Write(after);
                }
            }
            if (rehearsed is not null && !ReferenceEquals(after, rehearsed.After))
                log.RehearsedInVain(rehearsed.After.Active.ShortId);
            Action ready = ReferenceEquals(after, rehearsed?.After) ? rehearsed.Ready : after.AnswersSince != before.AnswersSince ? rehearsal.Rehearse(after) : () => { };
            state.Replace(after);
            ready();
            Tell(before, after);
            if (!isWritten && (_notRemembered is not null || !IsRememberedAlike(before, after)))
                Remember(after);
            return new RolloutStep.To(after);
        }
    }

    /// <summary>A change of what answers, with its moment: what becomes active does so from then on, by whatever clock the step was taken.</summary>
    private static RevisionStatus Dated(RevisionStatus before, RevisionStatus after, DateTimeOffset now)
    {
        DateTimeOffset since = Activations.After(before.AnswersSince, now);
        return after with { AnswersSince = since, Active = after.Active.Id == before.Active.Id ? after.Active : after.Active.Since(since) };
    }

    /// <summary>Goes back: the candidate is dropped, or an earlier revision becomes active again, and is pinned either way.</summary>
    /// <param name="expected">The commit that the operator takes to be active.</param>
    /// <param name="commit">The commit to go back to, or its beginning; empty for the end of the candidate, or the previous revision.</param>
    /// <param name="pin">The pin that keeps it so.</param>
    public RolloutStep RollBack(string expected, string commit, Pin pin)
    {
        RevisionStatus status = Current;
        if (Crossed(status, expected) is { } crossed)
            return crossed;
        if (commit.Length == 0 && status.Candidate is not null)
            return Change(current => Crossed(current, expected) ?? (current.Candidate is null ? NoCandidate : new RolloutStep.To(RolloutRules.Abandon(current, pin))));
        if (RolloutRules.FindEarlier(status, commit, out RolloutStep.Refused? refused) is not { } earlier)
            return refused!;
        // Mostly it is in memory; where not, it is compiled before anything changes, and outside of the lock.
        (ActiveRevision? revision, string? fault) = earlier.Loaded is { } loaded ? (loaded, null) : source.Reload(new ServedCommit(earlier.CommitId, earlier.WasSigned), clock.GetUtcNow());
        if (revision is null)
            return new RolloutStep.Refused(Obstacle.NotNow, $"{ActiveRevision.Shorten(earlier.CommitId)} cannot be served any more: {fault}");
        // What it decides with is made outside of the lock, too.
        _ = revision.Decider;
        return Change(current => Crossed(current, expected) ?? (current.Past.Any(past => past.CommitId == earlier.CommitId)
            ? new RolloutStep.To(RolloutRules.RollBack(current, revision, pin, pin.At))
            : new RolloutStep.Refused(Obstacle.Crossed, "another change came first; look again")));
    }

    /// <summary>Loads the revision that a roll-back would go to, so that it takes no compiler when it is wanted.</summary>
    public void Prepare()
    {
        // What was loaded may turn out to decide as the active one: then it is not the one to go back to.
        while (RolloutRules.FindEarlier(Current, "", out _) is { Loaded: null } earlier && earlier.CommitId != _unprepared)
        {
            (ActiveRevision? revision, string? fault) = source.Reload(new ServedCommit(earlier.CommitId, earlier.WasSigned), clock.GetUtcNow());
            if (revision is null)
            {
                // Once is enough: a roll-back tries again when it is wanted.
                _unprepared = earlier.CommitId;
                log.RollBackNotPrepared(ActiveRevision.Shorten(earlier.CommitId), fault!);
                return;
            }
            Change(status => RolloutRules.Load(status, revision));
        }
    }

    /// <summary>Why a change must not be made by somebody who looked at another state; null where nothing came between.</summary>
    public static RolloutStep? Crossed(RevisionStatus status, string expected) => status.Active.CommitId == expected
        ? null
        : new RolloutStep.Refused(Obstacle.Crossed, $"{status.Active.ShortId} is active, and not {ActiveRevision.Shorten(expected)}: another change came first; look again");

    private static RolloutStep NoCandidate => new RolloutStep.Refused(Obstacle.Crossed, "there is no candidate any more; look again");

    private void Tell(RevisionStatus before, RevisionStatus after)
    {
        if (after.Active.CommitId != before.Active.CommitId)
            Serving(after.Active);
        if (before.Candidate is { } left && left.Revision.CommitId != after.Candidate?.Revision.CommitId)
        {
            DifferenceReport report = left.Differences.Report();
            log.TrialEnded(left.Revision.ShortId, after.Active.CommitId == left.Revision.CommitId ? "is active" : "goes", report.Differing, report.Compared);
        }
        if (after.Candidate is { } candidate && (candidate.Revision.CommitId != before.Candidate?.Revision.CommitId || candidate.Stage != before.Candidate.Stage))
            OnTrial(candidate, after.Active);
        if (after.Pin is { } pin && pin != before.Pin)
            log.Pinned(after.Active.ShortId, pin.By, pin.Reason);
        if (after.Pin is null && before.Pin is not null)
            log.Unpinned(after.Active.ShortId);
        if (after.Waiting is { } waiting && waiting.CommitId != before.Waiting?.CommitId)
            log.Waits(waiting.ShortId, waiting.Summary, after.Pin is not null ? "cannot enter while there is a pin" : after.IsWithdrawn(waiting) ? "was rolled back before" : "cannot be remembered", after.Active.ShortId);
    }

    private static bool IsRememberedAlike(RevisionStatus before, RevisionStatus after) =>
        (before.Active.CommitId, before.Floor, before.Accepted, before.Pin, before.AnswersSince) == (after.Active.CommitId, after.Floor, after.Accepted, after.Pin, after.AnswersSince)
        && Equals(before.Candidate, after.Candidate) && before.Past == after.Past;

    private void Serving(ActiveRevision active)
    {
        log.Serving(active.Bundle.Name, active.ShortId, active.Summary);
        audit.Note(null, "", record => record.Revision = new AuditRevision { Revision = WireMapping.ToWire(active.Id), Became = "active", Reason = active.SignedBy is { } by ? $"signed by {by}" : "" });
        if (active.SignedBy is { } signer)
            log.SignedBy(active.ShortId, signer);
    }

    private void OnTrial(Candidate candidate, ActiveRevision active)
    {
        log.OnTrial(candidate.Revision.ShortId, candidate.Revision.Summary, candidate.Stage.ToString()!, active.ShortId);
        audit.Note(null, "", record => record.Revision = new AuditRevision { Revision = WireMapping.ToWire(candidate.Revision.Id), Became = $"on trial, {candidate.Stage}" });
    }

    /// <summary>Writes a state down. Where that fails it is tried again at the next change or look, and the same fault is told once.</summary>
    /// <returns>Whether it is written.</returns>
    private bool Remember(RevisionStatus status)
    {
        string? fault = Write(status);
        if (fault is not null && _notRemembered != fault)
            log.LastServedNotWritten(fault);
        _notRemembered = fault;
        if (fault is null)
            source.KeepCompiled(RolloutRules.CommitsAtHand(status));
        return fault is null;
    }

    /// <summary>
    /// Writes a state into its three files, of which a crash may leave the later ones as they were. In this order that is safe: a moment that was written for what did not come makes the next one later;
    /// then the pin and what history must follow, which a start goes by; and last what it goes by only where that file was removed.
    /// </summary>
    /// <returns>Why it cannot be written; null where it is.</returns>
    private string? Write(RevisionStatus status)
    {
        try
        {
            activations.Remember(status);
            memory.Remember(source, status);
            // What was served last never goes back: it is what the server starts from where the memory of the roll-out is removed.
            lastServed.Remember(source, status.Floor == status.Active.CommitId ? status.Active.CommitId : null);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return fault.Message;
        }
    }

    /// <summary>A change that was made ready.</summary>
    /// <param name="Before">The state that it is a change of.</param>
    /// <param name="After">The state to come.</param>
    /// <param name="Ready">What is left to do at once after the change.</param>
    private sealed record Rehearsed(RevisionStatus Before, RevisionStatus After, Action Ready);
}
