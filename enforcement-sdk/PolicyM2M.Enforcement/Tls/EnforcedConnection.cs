using System.Net.Security;
using PolicyM2M.Enforcement.Tls.Review;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// A live connection that is what was decided. It is held against the decisions of the moment again and again, and ends when they deny, when
/// they no longer allow what was negotiated, and when the time after which it must authenticate again has passed. TLS cannot authenticate both
/// ends anew on one connection: an owner that wants no gap makes another before <see cref="ReauthenticateBy"/>. Safe for all threads.
/// </summary>
public sealed class EnforcedConnection : IAsyncDisposable
{
    /// <summary>Timers count whole milliseconds.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly TlsEnforcerOptions _options;
    private readonly Action _abort;
    private readonly long _began;
    private readonly DateTimeOffset _beganAt;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<Refusal?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watch;
    private volatile TlsDecisions _decisions;

    internal EnforcedConnection(TlsEnforcerOptions options, HandshakeAttempt attempt, NegotiatedTls negotiated, SslStream stream, Action abort)
    {
        _options = options;
        _abort = abort;
        _decisions = attempt.Decisions;
        _began = options.Time.GetTimestamp();
        _beganAt = options.Time.GetUtcNow();
        Negotiated = negotiated;
        Translation = attempt.Translation;
        Stream = stream;
        _watch = WatchAsync(attempt.Changed, _over.Token);
    }

    /// <summary>The stream for the application.</summary>
    public SslStream Stream { get; }

    /// <summary>What the handshake came to.</summary>
    public NegotiatedTls Negotiated { get; }

    /// <summary>How the decision was put into settings, and what was lost by it.</summary>
    public TlsTranslation Translation { get; }

    /// <summary>What the newest decision lets this device do; nothing once the connection has ended, whatever is still under way.</summary>
    public AuthorizedCapabilities Capabilities => _ended.Task is { IsCompletedSuccessfully: true, Result: var end } ? AuthorizedCapabilities.After(end) : AuthorizedCapabilities.Of(_decisions.Auth);

    /// <summary>When this connection ends because it must authenticate again, or its session is too old; null where the newest decision bounds neither.</summary>
    public DateTimeOffset? ReauthenticateBy => LongestLife(_decisions) is { } life ? _beganAt + life : null;

    /// <summary>Completes when the connection has ended: with why it was ended by a decision, or null where somebody closed it.</summary>
    public Task<Refusal?> Ended => _ended.Task;

    /// <summary>Holds the connection against the decisions of this moment, as when a new revision has come.</summary>
    /// <returns>Why it was ended; null where it goes on.</returns>
    public async ValueTask<Refusal?> RecheckAsync(CancellationToken cancellation = default)
    {
        if (_ended.Task.IsCompleted)
            return await _ended.Task.ConfigureAwait(false);
        Refusal? refusal = await JudgeAsync(cancellation).ConfigureAwait(false);
        if (refusal is not null)
            End(refusal);
        return refusal;
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        Release();
        await Stream.DisposeAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(false);
    }

    /// <summary>Ends the watch: somebody closed the connection.</summary>
    internal void Release()
    {
        if (_ended.TrySetResult(null))
            _over.Cancel();
    }

    private void End(Refusal refusal)
    {
        // Whoever finds it first ends it.
        if (!_ended.TrySetResult(refusal))
            return;
        _abort();
        _over.Cancel();
        EventHandling.Tell(_options.OnRefusal, refusal);
    }

    private static TimeSpan? LongestLife(TlsDecisions decisions) =>
        (decisions.Auth.TimeOf(Field.Reauthenticate), decisions.CipherSuites.TimeOf(Field.SessionLifetime)) switch
        {
            (null, var session) => session,
            (var again, null) => again,
            var (again, session) => again < session ? again : session,
        };

    private async Task WatchAsync(Task changed, CancellationToken over)
    {
        try
        {
            while (true)
            {
                await changed.WaitAsync(Pause(), _options.Time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                over.ThrowIfCancellationRequested();
                changed = changed.IsCompleted ? _options.Changed : changed;
                if (await RecheckAsync(over).ConfigureAwait(false) is not null)
                    return;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // It has ended.
        }
        catch (Exception fault)
        {
            // Nobody watches over it any more: so it may not go on. Who is told of that may be what failed, and is not asked again.
            if (_ended.TrySetResult(new(EnforcementReason.DecisionDenied, $"it could not be held against the decisions: {fault.Message}")))
                _abort();
        }
    }

    /// <summary>Until the next moment at which something of it ends; at most what lies between two checks.</summary>
    private TimeSpan Pause()
    {
        TlsDecisions decisions = _decisions;
        TimeSpan left = Shorter(Shorter(_options.CheckEvery, LongestLife(decisions) - Age()), decisions.UsableUntil - _options.Time.GetUtcNow());
        return left > Shortest ? left : Shortest;
    }

    private async ValueTask<Refusal?> JudgeAsync(CancellationToken cancellation)
    {
        // Not by newer decisions: who does not give them must not make it live longer.
        if (Overdue(_decisions) is { } overdue)
            return overdue;
        TlsDecisions decisions;
        try
        {
            decisions = await TlsDecisions.AskAsync(_options, Shorter(_options.DecisionTimeout, LongestLife(_decisions) - Age()), cancellation).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return Overdue(_decisions) ?? new(EnforcementReason.DecisionDenied, $"no decision could be had: {fault.Message}");
        }
        Refusal? refusal = HandshakeReview.Of(decisions, Negotiated, _options.Trust.RevocationLists?.Read(), _options.Time.GetUtcNow()) ?? Overdue(decisions);
        if (refusal is null)
            _decisions = decisions;
        return refusal;
    }

    private Refusal? Overdue(TlsDecisions decisions) => LongestLife(decisions) is { } life && Age() >= life
        ? new(EnforcementReason.Reauthenticate, $"the connection began at {_beganAt:u}, and must authenticate again after {life}")
        : null;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan? other) => other < one ? (other > Shortest ? other.Value : Shortest) : one;

    /// <summary>How long it has lived, by the clock that stops while the machine sleeps or by the one that somebody may set, whichever says more.</summary>
    private TimeSpan Age()
    {
        TimeSpan elapsed = _options.Time.GetElapsedTime(_began), byWall = _options.Time.GetUtcNow() - _beganAt;
        return elapsed > byWall ? elapsed : byWall;
    }
}
