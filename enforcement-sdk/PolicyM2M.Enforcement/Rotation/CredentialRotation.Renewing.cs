using System.Security.Cryptography;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation;

/// <content>Asking the issuer, and telling the decision point.</content>
public sealed partial class CredentialRotation
{
    private async Task RenewAsync(RotationPlan plan, CancellationToken cancellation)
    {
        bool isPendingOld = _standing.IsPendingKeyOld(_clock.Now);
        // While the system clock stands behind, a successor must show that it is no old one: SuccessorCheck.
        bool needsKey = plan.Rekey || _clock.IsBehind || isPendingOld || _standing.IsServingKeyOld(_clock.Now);
        Tell(new RotationEvent.Renewing(Name, plan.Cause, needsKey || State.PendingKeyMade is not null));
        try
        {
            if (needsKey && !HasKey(isPendingOld))
                return;
            Renewing.Result result = await Renewing.TryAsync(_options, _folder, State, plan.Cause, _clock.Now, cancellation).ConfigureAwait(false);
            if (result is { Next: { } next, Checked: { } successor, KeyPem: { } key })
                Obtain(next, successor, key, plan.Cause);
            else
                PutOff(result.Instead!, plan.Cause);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Fail(failure.Message, plan.Cause, isUnreachable: false);
        }
    }

    /// <summary>The key is on disk before anybody signs it: a certificate for a key that is lost is worth nothing. One that is too old by now is thrown away: what is issued for it would be due at once.</summary>
    private bool HasKey(bool isPendingOld)
    {
        if (State.PendingKeyMade is not null && !isPendingOld && File.Exists(_folder.PendingKeyPath))
            return true;
        WholeFile.Replace(_folder.PendingKeyPath, System.Text.Encoding.ASCII.GetBytes(PrivateKey.CreatePem()));
        return Take(State with { PendingKeyMade = _clock.Now });
    }

    private void Obtain(Credential next, CheckedSuccessor successor, string keyPem, RotationCause cause)
    {
        DeviceClock? right = successor.IsBySystemClock ? Clock(latestSeen: null) : null;
        DateTimeOffset seen = _clock.Now, now = right?.Now ?? seen;
        RotationPlan plan = _standing.PlanOf(next, _options.Device);
        if (plan.RenewAt <= now)
        {
            // Where it is the key that grew old while the issuer thought, the next attempt has a new one, and is no later for it.
            bool isOfKey = State.PendingKeyMade is not null && _standing.PlanOf(next with { Times = next.Times with { KeyMade = now } }, _options.Device).RenewAt > now;
            string times = $"it is valid from {next.Times.NotBefore:u} until {next.Times.NotAfter:u}, and the policies would renew it {plan.RenewAt:u}";
            Fail($"the successor would itself be due at once: {times}", cause, isUnreachable: false, counts: !isOfKey);
            return;
        }
        Credential before = State.Serving;
        bool isRekeyed = State.PendingKeyMade is not null;
        _folder.Add(next.Fingerprint, successor.ChainPem, keyPem);
        if (!Take(State.Obtained(next, cause, isRekeyed, now), right))
            return;
        if (right is not null)
            Tell(new RotationEvent.ClockSetRight(Name, seen - now));
        File.Delete(_folder.PendingKeyPath);
        Tell(State.Waiting is null ? new RotationEvent.Switched(Name, before, next) : new RotationEvent.Waits(Name, next));
    }

    private void PutOff(RenewalAnswer answer, RotationCause cause)
    {
        switch (answer)
        {
            case RenewalAnswer.Accepted accepted:
                DateTimeOffset again = _clock.Now + accepted.RetryAfter;
                if (Take(State.PutOff(cause, again)))
                    Tell(new RotationEvent.Accepted(Name, again));
                break;
            case RenewalAnswer.Unreachable unreachable:
                Fail(unreachable.Reason, cause, isUnreachable: true, unreachable.RetryAfter);
                break;
            case RenewalAnswer.Refused refused:
                Fail(refused.Reason, cause, isUnreachable: false);
                break;
        }
    }

    private void Fail(string reason, RotationCause cause, bool isUnreachable, TimeSpan? retryAfter = null, bool counts = true)
    {
        DateTimeOffset now = _clock.Now;
        TimeSpan own = AfterFailure();
        RotationState failed = State.Failed(isUnreachable, cause, now, now + (retryAfter > own ? retryAfter.Value : own));
        if (!counts)
            failed = failed with { Attempts = State.Attempts };
        // Where the disk is what failed, the pause counts all the same: nobody is stormed because a disk is full.
        if (!Take(failed))
            _standing = _standing with { State = failed };
        Tell(new RotationEvent.Failed(Name, reason, isUnreachable, failed.NextAttempt!.Value));
    }

    private async Task ReportAsync(CancellationToken cancellation)
    {
        while (_options.Report is { } report && State.Unreported is [var first, ..])
        {
            ReportDelivery delivery = await DeliverAsync(report, first, cancellation).ConfigureAwait(false);
            if (!delivery.IsDone)
                return;
            await _turn.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                if (!Take(State.WithoutReport(first)))
                    return;
            }
            finally
            {
                _turn.Release();
            }
            Tell(new RotationEvent.Reported(Name, first, delivery.Refusal));
        }
    }

    private static async ValueTask<ReportDelivery> DeliverAsync(RotationReporter report, RotationReport what, CancellationToken cancellation)
    {
        try
        {
            return await report(what, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return ReportDelivery.Later;
        }
    }
}
