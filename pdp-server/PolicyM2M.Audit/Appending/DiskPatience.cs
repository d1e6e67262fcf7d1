namespace PolicyM2M.Audit.Appending;

/// <summary>How long the disk has been at a write, and whether that is longer than anybody waits for. Safe for all threads; one of them writes.</summary>
internal sealed class DiskPatience(TimeProvider clock)
{
    /// <summary>A disk that has not answered for so long counts as one that cannot be written: it may never answer, and says nothing.</summary>
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    private volatile string? _hangs;
    private long _writingSince;

    /// <summary>That the disk hangs, in words; null where it does not.</summary>
    public string? Hangs => _hangs;

    /// <summary>For how long the write has been going on; zero where there is none.</summary>
    public TimeSpan Writing => Interlocked.Read(ref _writingSince) is var since and not 0 ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Runs a write, and waits for it however long it takes: nothing tells whether what hangs will still be written. That it hangs stays said until <see cref="Forget"/>.</summary>
    /// <param name="write">Begins the write.</param>
    /// <param name="told">Told while it hangs.</param>
    public async Task<T> WatchAsync<T>(Func<Task<T>> write, Action<string> told)
    {
        Interlocked.Exchange(ref _writingSince, clock.GetTimestamp());
        try
        {
            Task<T> writing = write();
            try
            {
                return await writing.WaitAsync(LongestWrite, clock).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // It may have been done just now: then nothing hangs, and what came of it is asked below.
                if (!writing.IsCompleted)
                {
                    _hangs = $"the disk has not answered for {LongestWrite.TotalSeconds:0} seconds";
                    told(_hangs);
                }
            }
            return await writing.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Exchange(ref _writingSince, 0);
        }
    }

    /// <summary>The write that hung is over, and what came of it is known.</summary>
    public void Forget() => _hangs = null;

    /// <summary>Waits for what the writer does, however long the line is, but not for a disk that hangs.</summary>
    /// <exception cref="TimeoutException">The disk hangs.</exception>
    public async Task UnlessItHangsAsync(Task done, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await done.WaitAsync(LongestWrite, clock, cancellation).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (_hangs is null)
            {
                // It writes, and comes to this.
            }
        }
    }
}
