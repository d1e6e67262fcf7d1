using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Rotation;

/// <content>What time has brought, and when it brings something again.</content>
public sealed partial class CredentialRotation
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    /// <summary>What time has brought: a successor that is now valid, a predecessor that no longer is, an order that was taken back.</summary>
    private void Settle(DateTimeOffset now)
    {
        if (State.HasObeyedOrder && !_standing.Outcome.IsDenied && _standing.Outcome[Field.RotateNow] is not FieldValue.Level { Rank: > 0 })
            Take(State with { HasObeyedOrder = false });
        if (State.Waiting is { } waiting && WaitsUntil(waiting.Next, now) <= now)
        {
            Credential before = State.Serving;
            if (Take(State.Switched(now)))
                Tell(new RotationEvent.Switched(Name, before, State.Serving));
        }
        if (State.Succession is { } succession && (succession.PredecessorUntil <= now || succession is { PredecessorUntil: not null } && succession.Predecessor.Times.NotAfter <= now) && Take(State.WithoutPredecessor()))
            Tell(new RotationEvent.PredecessorEnded(Name, succession.Predecessor));
    }

    private DateTimeOffset WaitsUntil(Credential next, DateTimeOffset now)
    {
        SuccessorWait wait = _wait is { } known && known.Fingerprint == next.Fingerprint ? known : WaitOf(next, now);
        _wait = wait;
        DateTimeOffset limit = _standing.Plan(_options.Device)?.Limit ?? State.Serving.Times.NotAfter;
        return wait.Until(next, limit, now, _options.Time.GetElapsedTime(wait.Since));
    }

    private SuccessorWait WaitOf(Credential next, DateTimeOffset now) => new(next.Fingerprint, _options.Time.GetTimestamp(), next.Times.NotBefore - now);

    private bool IsDue(RotationPlan plan, DateTimeOffset now) => (State.IsRefused || plan.RenewAt <= now) && State.Waiting is null && !(PausedUntil(plan) > now);

    /// <summary>Until when no attempt is made. An order does not wait for the end of a pause that something else made.</summary>
    private DateTimeOffset? PausedUntil(RotationPlan plan) => plan.Cause == RotationCause.Ordered && !State.IsPauseForOrder ? null : State.NextAttempt;

    private TimeSpan Pause(DateTimeOffset now)
    {
        RotationState state = State;
        DateTimeOffset? renew = null;
        if (state.Waiting is null && _standing.Plan(_options.Device) is { } plan)
        {
            DateTimeOffset due = state.IsRefused ? now : plan.RenewAt;
            renew = PausedUntil(plan) is { } paused && paused > due ? paused : due;
        }
        TimeSpan pause = new[] { renew, state.Waiting is { } waiting ? WaitsUntil(waiting.Next, now) : null, state.Succession?.PredecessorUntil, now + _options.Recheck }.OfType<DateTimeOffset>().Min() - now;
        return pause > ShortestPause ? pause : ShortestPause;
    }
}
