namespace PolicyM2M.Pdp.Revisions;

/// <summary>
/// Lets somebody who knows of a new commit end the follower's pause. However often it is told before the follower looks, that is one look. Safe for all threads
/// to tell; the follower alone waits.
/// </summary>
internal sealed class RevisionNews
{
    private volatile TaskCompletionSource _told = NewSignal();

    /// <summary>Completes when it is next told.</summary>
    public Task Told => _told.Task;

    /// <summary>There may be something new.</summary>
    public void Tell() => _told.TrySetResult();

    /// <summary>Waits until it is told, or the time is over; whether it was told.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task told = Told;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(told, Task.Delay(atMost, clock, ended.Token));
        await ended.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (!told.IsCompleted)
            return false;
        // What is told between these lines is told before the look that follows, and seen by it.
        _told = NewSignal();
        return true;
    }

    /// <summary>The follower must not run on the thread of whoever tells.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
