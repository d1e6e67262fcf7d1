namespace PolicyM2M.Agent.Local;

/// <summary>A connection that has asked nothing yet. Whoever connects and says nothing holds a place that others need. Safe for all threads.</summary>
internal sealed class Silence : IDisposable
{
    private const int Silent = 0, Broken = 1, Ended = 2;

    private readonly CancellationTokenSource _limit;
    private readonly Action _ended;
    private int _state;

    /// <param name="longest">How long it may last.</param>
    /// <param name="ended">Called when it has lasted so long, or has made way.</param>
    public Silence(TimeSpan longest, Action ended)
    {
        _ended = ended;
        _limit = new CancellationTokenSource(longest);
        _limit.Token.Register(() =>
        {
            if (TryMakeWay())
                End();
        });
    }

    /// <summary>Something is asked: from now on the connection may be silent, as one is on which news are waited for.</summary>
    public void Break()
    {
        if (Interlocked.CompareExchange(ref _state, Broken, Silent) == Silent)
            _limit.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Makes way, where nothing was asked on the connection.</summary>
    /// <returns>Whether it does: then whoever asked ends it.</returns>
    public bool TryMakeWay() => Interlocked.CompareExchange(ref _state, Ended, Silent) == Silent;

    /// <summary>Ends the connection that makes way.</summary>
    public void End() => _ended();

    /// <inheritdoc/>
    public void Dispose() => _limit.Dispose();
}
