using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// The registry that answers are made from. One of the server's few mutable holders. Safe for all threads: <see cref="RegistryFollower"/>
/// alone writes, and each field is read and written in one piece.
/// <para>
/// A copy that was not found in step with the database for longer than <paramref name="grace"/> is none: to go on with it would keep a device in good standing that somebody has
/// quarantined elsewhere. That is found out by whoever reads, so that it holds even where the follower hangs. What stays is who was revoked: that can only deny.
/// </para>
/// </summary>
internal sealed class RegistryState(TimeProvider clock, TimeSpan grace, RevokedDevices revoked)
{
    private volatile InStep? _inStep;
    private volatile string? _fault;
    private volatile TaskCompletionSource _moved = NewSignal();

    /// <summary>How long a copy may be used that cannot be found in step.</summary>
    public TimeSpan Grace => grace;

    /// <summary>The registry as it is now; one that knows only who was revoked where it cannot be used. It changes in place: what must be of one moment is one device, taken once.</summary>
    public DeviceRegistry Current => IsAvailable ? _inStep!.Registry : revoked.Alone;

    /// <summary>Whether answers are made with the registry.</summary>
    public bool IsAvailable => _inStep is { } last && clock.GetElapsedTime(last.Timestamp) <= grace;

    /// <summary>Why the database cannot be used; null where it can.</summary>
    public string? Fault => _fault;

    /// <summary>When the copy was last found in step; null where it never was.</summary>
    public DateTimeOffset? InStepAt => _inStep?.At;

    /// <summary>The number of the last change in the copy.</summary>
    public long Sequence => _inStep?.Sequence ?? 0;

    /// <summary>Those who are revoked here although the registry does not say so.</summary>
    public IReadOnlySet<string> Held => revoked.Held;

    /// <summary>Whether it is another one than before, and nobody has changed a device since.</summary>
    public bool IsAnother => revoked.Earlier is not null;

    /// <summary>Who is told of changes.</summary>
    public DeviceWatchers Watchers { get; } = new();

    /// <summary>Waits until answers are made with a change; not for long, since the database has it in any case.</summary>
    public async Task WaitForSequence(long sequence, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(atMost);
        try
        {
            while (true)
            {
                Task moved = _moved.Task;
                if (Sequence >= sequence)
                    return;
                await moved.WaitAsync(bounded.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The follower is behind, which it says itself.
        }
    }

    /// <summary>The copy was found in step. Only the follower calls it.</summary>
    public void Found(DeviceRegistry registry, long sequence)
    {
        bool hasMoved = sequence != Sequence || _inStep is null;
        (_inStep, _fault) = (new InStep(registry, sequence, clock.GetTimestamp(), clock.GetUtcNow()), null);
        if (!hasMoved)
            return;
        TaskCompletionSource moved = _moved;
        _moved = NewSignal();
        moved.SetResult();
    }

    /// <summary>The database cannot be used. Only the follower calls it.</summary>
    public void Lost(string fault) => _fault = fault;

    /// <summary>Whoever waits must not run on the follower's thread.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record InStep(DeviceRegistry Registry, long Sequence, long Timestamp, DateTimeOffset At);
}
