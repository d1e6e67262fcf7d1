namespace PolicyM2M.Agent.Local;

/// <summary>A connection that has asked nothing yet. Whoever connects and says nothing holds a place that others need. Safe for all threads.</summary>
internal sealed class Silence : IDisposable
{
    private readonly CancellationTokenSource _limit;

    /// <param name="longest">How long it may last.</param>
    /// <param name="ended">Called when it has lasted so long.</param>
    public Silence(TimeSpan longest, Action ended)
    {
        _limit = new CancellationTokenSource(longest);
        _limit.Token.Register(ended);
    }

    /// <summary>Something is asked: from now on the connection may be silent, as one is on which news are waited for.</summary>
    public void Break() => _limit.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => _limit.Dispose();
}
