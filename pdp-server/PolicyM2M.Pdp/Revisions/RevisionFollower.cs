using System.Diagnostics;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>Follows the ref: a commit that compiles and passes its own tests is offered to the roll-out, one that does not changes nothing but the status.</summary>
internal sealed class RevisionFollower(RevisionSource source, Rollout rollout, RevisionNews news, PdpOptions options, AuditTrail audit, PdpMetrics metrics, TimeProvider clock,
    ILogger<RevisionFollower> log) : BackgroundService
{
    /// <summary>Of the first fault, as much as a record needs; the status has them all.</summary>
    private const int LongestReason = 1_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        RevisionStatus first = rollout.Current;
        if (first.Refused is { } refused)
            LogRefusal(refused, first.Active);
        try
        {
            bool isNews = false;
            while (true)
            {
                // On a thread of its own: the pool has as many as processors, and those are there to answer while this one waits for a remote or the compiler.
                await Task.Factory.StartNew(() => Poll(isNews, clock.GetUtcNow(), stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                isNews = await news.WaitAsync(options.Poll, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends, or never began because its address is taken: there is nothing left to follow for.
        }
    }

    private void Poll(bool isNews, DateTimeOffset now, CancellationToken stoppingToken)
    {
        RevisionStatus status = rollout.Current;
        string commit = "";
        try
        {
            if (source.Refresh(isNews, stoppingToken))
                log.CloneMadeAnew(source.Repository);
            commit = source.FindCommit();
            if (IsSettled(status, commit))
                Settled(commit, now);
            else if (commit == status.Refused?.CommitId && !status.Refused.MayHeal)
                rollout.Change(current => current with { LastPolledAt = now });
            else if (source.WhyNotAfter(status.Floor, commit, status.Accepted) is { } reason)
                Refused(new RefusedRevision(commit, now, [], reason, MayHeal: false) { IsOtherHistory = true });
            else if (source.CheckTrust(status.Floor, commit, now) is var trust && trust.Refusal is { } distrust)
                Again(new RefusedRevision(commit, now, [], distrust, MayHeal: true));
            else
                Judge(status, commit, trust, now, stoppingToken);
            rollout.Prepare();
        }
        catch (Exception fault) when (fault is PolicyStoreException or CompilerException { MayHeal: true })
        {
            source.Suspect();
            Again(new RefusedRevision(commit, now, [], fault.Message, MayHeal: true));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The edge of the compiler: whatever it does wrong must not stop the last good revision from being served.
            log.CompilerFailed(fault, commit, status.Active.ShortId);
            Again(new RefusedRevision(commit, now, [], "the compiler failed; the log of the decision point says how", MayHeal: false));
        }
    }

    /// <summary>
    /// Whether there is nothing new: the ref names what answers, what is on trial, or what waits for an operator. Where it was moved back from what is on trial, that is news, and what waits because it could not
    /// be remembered is offered again.
    /// </summary>
    private static bool IsSettled(RevisionStatus status, string commit) =>
        commit == status.Candidate?.Revision.CommitId || (commit == status.Active.CommitId && status.Candidate is null)
        || (status.Waiting is { } waiting && commit == waiting.CommitId && (status.Pin is not null || status.IsWithdrawn(waiting)));

    private void Judge(RevisionStatus status, string commit, SignatureCheck trust, DateTimeOffset now, CancellationToken stoppingToken)
    {
        // What was withdrawn, or waits, is still in memory.
        if ((status.Waiting?.CommitId == commit ? status.Waiting : status.Past.FirstOrDefault(past => past.CommitId == commit)?.Loaded) is { } known)
        {
            rollout.Offer(known, now, stoppingToken);
            return;
        }
        using Activity? span = PdpTraces.Source.StartActivity("activate")?.SetTag("policym2m.commit", commit);
        CompiledRevision compiled = source.Compile(commit, cancellation: stoppingToken);
        if (source.Active(compiled, now, trust, before: status.Active) is not { } revision)
        {
            span?.SetStatus(ActivityStatusCode.Error, "the policy set has faults");
            Refused(new RefusedRevision(compiled.CommitId, now, compiled.Diagnostics, null, MayHeal: false));
            return;
        }
        rollout.Offer(revision, clock.GetUtcNow(), stoppingToken);
        LogDiagnostics(compiled.Diagnostics);
    }

    private void Refused(RefusedRevision refused)
    {
        // What the ref no longer names waits no longer; where the ref cannot be read, nobody knows.
        rollout.Change(current => current with
        {
            Refused = refused,
            LastPolledAt = refused.SeenAt,
            Waiting = refused.CommitId.Length == 0 || refused.CommitId == current.Waiting?.CommitId ? current.Waiting : null,
        });
        LogRefusal(refused, rollout.Current.Active);
    }

    private void Settled(string commit, DateTimeOffset now)
    {
        if (rollout.Current.Refused is not null)
            log.Recovered();
        rollout.Change(current => current with { Refused = null, LastPolledAt = now, Waiting = current.Waiting?.CommitId == commit ? current.Waiting : null });
    }

    /// <summary>Refuses what may come again at the next look: the same fault at every look would fill the logs; the status shows that it lasts.</summary>
    private void Again(RefusedRevision refused)
    {
        if (rollout.Current.Refused is { } known && known.CommitId == refused.CommitId && known.Fault == refused.Fault)
            rollout.Change(current => current with { LastPolledAt = refused.SeenAt });
        else
            Refused(refused);
    }

    private void LogRefusal(RefusedRevision refused, ActiveRevision active)
    {
        if (refused is { CommitId: "", Fault: { } fault, MayHeal: true })
        {
            log.RepositoryUnreadable(active.ShortId, fault);
            return;
        }
        metrics.RevisionRefused();
        log.RevisionRefused(ActiveRevision.Shorten(refused.CommitId), active.ShortId);
        string why = refused.Fault ?? refused.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error).Select(DiagnosticText.OfLine).FirstOrDefault() ?? "";
        audit.Note(null, "", record => record.Revision = new Wire.V1.AuditRevision
        {
            Revision = new Wire.V1.Revision { CommitId = refused.CommitId },
            Became = "refused",
            Reason = why[..Math.Min(why.Length, LongestReason)],
        });
        if (refused.Fault is { } reason)
            log.PolicyError(reason);
        LogDiagnostics(refused.Diagnostics);
    }

    private void LogDiagnostics(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (Diagnostic diagnostic in diagnostics)
        {
            if (diagnostic.Severity == Severity.Error)
                log.PolicyError(DiagnosticText.OfLine(diagnostic));
            else
                log.PolicyWarning(DiagnosticText.OfLine(diagnostic));
        }
    }
}
