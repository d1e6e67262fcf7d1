using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>Follows the ref: a commit that compiles and passes its own tests becomes active, one that does not changes nothing but the status.</summary>
internal sealed class RevisionFollower(
    RevisionSource source, RevisionState state, RevisionNews news, LastServed memory, PdpOptions options, TimeProvider clock, ILogger<RevisionFollower> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        RevisionStatus first = state.Current;
        Activated(first.Active, []);
        if (first.Refused is { } refused)
            LogRefusal(refused, first.Active);
        try
        {
            while (true)
            {
                bool isNews = await news.WaitAsync(options.Poll, clock, stoppingToken);
                state.Replace(Poll(state.Current, isNews, clock.GetUtcNow(), stoppingToken));
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends, or never began because its address is taken: there is nothing left to follow for.
        }
    }

    private RevisionStatus Poll(RevisionStatus status, bool isNews, DateTimeOffset now, CancellationToken stoppingToken)
    {
        string commit = "";
        try
        {
            if (source.Refresh(isNews, stoppingToken))
                log.CloneMadeAnew(source.Repository);
            commit = source.FindCommit();
            if (commit == status.Active.CommitId)
                return Recovered(status, now);
            if (commit == status.Refused?.CommitId && !status.Refused.MayHeal)
                return status with { LastPolledAt = now };
            if (source.WhyNotAfter(status.Active.CommitId, commit) is { } reason)
                return Refused(status, new RefusedRevision(commit, now, [], reason, MayHeal: false));
            SignatureCheck trust = source.CheckTrust(status.Active.CommitId, commit, now);
            return trust.Refusal is { } distrust ? Impeded(status, commit, distrust, now) : Judge(status, source.Compile(commit), trust, now);
        }
        catch (PolicyStoreException fault)
        {
            source.Suspect();
            return Impeded(status, commit, fault.Message, now);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The edge of the compiler: whatever it does wrong must not stop the last good revision from being served.
            log.CompilerFailed(fault, commit, status.Active.ShortId);
            return status with { Refused = new RefusedRevision(commit, now, [], "the compiler failed; the log of the decision point says how", MayHeal: false), LastPolledAt = now };
        }
    }

    private RevisionStatus Judge(RevisionStatus status, CompiledRevision compiled, SignatureCheck trust, DateTimeOffset now)
    {
        if (compiled.Bundle is null)
            return Refused(status, new RefusedRevision(compiled.CommitId, now, compiled.Diagnostics, null, MayHeal: false));
        var active = new ActiveRevision(compiled.CommitId, compiled.Summary, compiled.Bundle, now, status.Active) { SignedBy = trust.Signer };
        Activated(active, compiled.Diagnostics);
        return new RevisionStatus(active, null, now);
    }

    private RevisionStatus Refused(RevisionStatus status, RefusedRevision refused)
    {
        LogRefusal(refused, status.Active);
        return status with { Refused = refused, LastPolledAt = refused.SeenAt };
    }

    private RevisionStatus Recovered(RevisionStatus status, DateTimeOffset now)
    {
        if (status.Refused is not null)
            log.Recovered();
        return status with { Refused = null, LastPolledAt = now };
    }

    private RevisionStatus Impeded(RevisionStatus status, string commit, string reason, DateTimeOffset now)
    {
        // The same fault at every look would fill the log; the status shows that it lasts.
        if (status.Refused is { } known && known.CommitId == commit && known.Fault == reason)
            return status with { LastPolledAt = now };
        return Refused(status, new RefusedRevision(commit, now, [], reason, MayHeal: true));
    }

    private void LogRefusal(RefusedRevision refused, ActiveRevision active)
    {
        if (refused is { CommitId: "", Fault: { } fault, MayHeal: true })
        {
            log.RepositoryUnreadable(active.ShortId, fault);
            return;
        }
        log.RevisionRefused(ActiveRevision.Shorten(refused.CommitId), active.ShortId);
        if (refused.Fault is { } reason)
            log.PolicyError(reason);
        LogDiagnostics(refused.Diagnostics);
    }

    private void Activated(ActiveRevision active, IEnumerable<Diagnostic> diagnostics)
    {
        log.Serving(active.Bundle.Name, active.ShortId, active.Summary);
        if (active.SignedBy is { } signer)
            log.SignedBy(active.ShortId, signer);
        LogDiagnostics(diagnostics);
        try
        {
            memory.Remember(source, active.CommitId);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Answers do not need it; only a restart with a broken newest commit would.
            log.LastServedNotWritten(fault.Message);
        }
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
