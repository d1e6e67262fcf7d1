using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// Rotates one credential. Owns its state and its files: one turn at a time changes them, on disk first and then in memory. What may be used is read without
/// waiting. Safe for all threads; one process at a time.
/// </summary>
public sealed partial class CredentialRotation : IDisposable
{
    private readonly RotationOptions _options;
    private readonly CredentialFolder _folder;
    private readonly RotationStateFile _file;
    private volatile DeviceClock _clock;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Standing _standing;
    private TaskCompletionSource _nudged = NewSignal();
    private CredentialUse? _told;
    private SuccessorWait? _wait;
    private bool _isToldBehind;

    private CredentialRotation(RotationOptions options, CredentialFolder folder, RotationStateFile file, RotationState state)
    {
        _options = options;
        _folder = folder;
        _file = file;
        _clock = Clock(state.LatestSeen);
        _standing = new Standing(state, Outcome.Deny(DecisionKind.Rotation, "no decision has been made yet"));
        _wait = state.Waiting is { } waiting ? WaitOf(waiting.Next, _clock.Now) : null;
    }

    /// <summary>What the device calls the credential.</summary>
    public string Name => _options.Name;

    /// <summary>What may be used now. Ask before each connection.</summary>
    public CredentialUse Use => _standing.UseAt(_clock.Now, _folder);

    /// <summary>Whether nothing has been reached with the credential in use yet: <see cref="UsedAsync"/> or <see cref="FailedAsync"/> ends that, also after a restart.</summary>
    public bool IsOnTrial => State.IsOnTrial;

    internal RotationState State => _standing.State;

    /// <summary>Takes up a rotation where it was left, also by a power cut; or begins one.</summary>
    /// <exception cref="IOException">The folder cannot be used, or there is no credential.</exception>
    public static CredentialRotation Open(RotationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = new CredentialFolder(options.Folder);
        var file = new RotationStateFile(folder.Path, options.Device);
        RotationState state = CredentialStart.Of(options, folder, file, happened => EventHandling.Tell(options.OnEvent, happened));
        file.Save(state);
        folder.PointTo(state.Serving.Fingerprint);
        return new CredentialRotation(options, folder, file, state);
    }

    /// <summary>Rotates until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            Task nudged = Volatile.Read(ref _nudged).Task;
            TimeSpan pause = await TurnAsync(cancellation).ConfigureAwait(false);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(nudged.WaitAsync(either.Token), Task.Delay(pause, _options.Time, either.Token)).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Looks again soon: the policies, or what they are asked with, have changed.</summary>
    public void Nudge() => Interlocked.Exchange(ref _nudged, NewSignal()).TrySetResult();

    /// <summary>Something was reached with a credential: where that was on trial, its predecessor is let go after the overlap.</summary>
    /// <param name="fingerprint">Which.</param>
    /// <param name="cancellation">Ends the wait for a turn that is under way.</param>
    public Task UsedAsync(string fingerprint, CancellationToken cancellation = default) => OnTrialAsync(fingerprint, () =>
    {
        DateTimeOffset until = _standing.OldUntil(_clock.Now);
        if (Take(State.Confirmed(until)))
            Tell(new RotationEvent.Confirmed(Name, State.Serving, until));
    }, cancellation);

    /// <summary>
    /// A peer refused a credential: where that is on trial, and its predecessor is still valid and was not ordered away, the predecessor serves again; otherwise another successor is asked for. To be told by who
    /// is known to have judged the credential, and not where a connection merely broke, which anybody on the way can bring about.
    /// </summary>
    /// <param name="fingerprint">Which.</param>
    /// <param name="reason">What failed, in words.</param>
    /// <param name="cancellation">Ends the wait for a turn that is under way.</param>
    public Task FailedAsync(string fingerprint, string reason, CancellationToken cancellation = default) => OnTrialAsync(fingerprint, () =>
    {
        DateTimeOffset now = _clock.Now;
        Credential dropped = State.Serving;
        DateTimeOffset again = now + AfterFailure();
        if (State.CanGoBack(now))
        {
            if (Take(State.RolledBack(again)))
                Tell(new RotationEvent.RolledBack(Name, dropped, State.Serving, reason));
        }
        else if (!State.IsRefused && Take(State.Refused(again)))
            Tell(new RotationEvent.Failed(Name, $"{reason}; there is none to go back to", false, again));
    }, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Does what is due.</summary>
    /// <returns>After how long there may be something to do again.</returns>
    internal async Task<TimeSpan> TurnAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            TellClock();
            _standing = _standing with { Outcome = await DecideAsync(cancellation).ConfigureAwait(false) };
            Settle(_clock.Now);
            PointToServing();
            if (_standing.Plan(_options.Device) is { } plan && IsDue(plan, _clock.Now))
                await RenewAsync(plan, cancellation).ConfigureAwait(false);
            TellUse();
        }
        finally
        {
            _turn.Release();
        }
        await ReportAsync(cancellation).ConfigureAwait(false);
        return Pause(_clock.Now);
    }

    private async Task OnTrialAsync(string fingerprint, Action change, CancellationToken cancellation)
    {
        // Nearly always nothing is on trial: then nobody waits for a turn.
        if (!State.IsOnTrial || State.Serving.Fingerprint != fingerprint)
            return;
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (State.IsOnTrial && State.Serving.Fingerprint == fingerprint)
                change();
            TellUse();
        }
        finally
        {
            _turn.Release();
        }
        Nudge();
    }

    private async ValueTask<Outcome> DecideAsync(CancellationToken cancellation)
    {
        try
        {
            return await _options.Decide(State.Serving, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return Outcome.Deny(DecisionKind.Rotation, $"no decision: {failure.Message}");
        }
    }

    private TimeSpan AfterFailure()
    {
        CredentialTimes times = State.Serving.Times;
        return RetryPause.After(State.Attempts, times, _standing.Plan(_options.Device)?.Limit ?? times.NotAfter, _clock.Now, Random.Shared.NextDouble());
    }

    /// <summary>The next state counts once it is on disk.</summary>
    /// <param name="next">The next state.</param>
    /// <param name="right">The clock that counts with it; null for the same.</param>
    private bool Take(RotationState next, DeviceClock? right = null)
    {
        DeviceClock clock = right ?? _clock;
        try
        {
            _file.Save(next = next with { LatestSeen = clock.Now });
            _clock = clock;
            _standing = _standing with { State = next };
            _folder.PointTo(next.Serving.Fingerprint);
            _folder.KeepOnly(_file.Named());
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Tell(new RotationEvent.NotWritten(Name, failure.Message));
            return ReferenceEquals(_standing.State, next);
        }
    }

    /// <summary>The link may not have been replaced when the state was: programs that follow it would use what no longer serves.</summary>
    private void PointToServing()
    {
        try
        {
            _folder.PointTo(State.Serving.Fingerprint);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Tell(new RotationEvent.NotWritten(Name, failure.Message));
        }
    }

    private DeviceClock Clock(DateTimeOffset? latestSeen) => new(_options.Time, latestSeen, by => Tell(new RotationEvent.ClockSteppedForward(Name, by)));

    private void TellClock()
    {
        bool isBehind = _clock.IsBehind;
        if (isBehind && !_isToldBehind)
            Tell(new RotationEvent.ClockSetBack(Name, _clock.Now - _options.Time.GetUtcNow()));
        _isToldBehind = isBehind;
    }

    private void TellUse()
    {
        CredentialUse use = Use;
        if (use.Equals(_told))
            return;
        _told = use;
        Tell(new RotationEvent.UseChanged(Name, use));
    }

    private void Tell(RotationEvent happened) => EventHandling.Tell(_options.OnEvent, happened);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
