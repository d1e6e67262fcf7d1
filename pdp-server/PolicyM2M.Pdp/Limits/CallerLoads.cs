namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// What all callers have open. It knows those who are connected and those who were a moment ago: whoever is away long enough to have its whole rate again is forgotten, so
/// that connecting anew gains nothing and many identities that come and go fill no memory. One lock guards the map; the counts of all are atomic.
/// </summary>
internal sealed class CallerLoads(CallLimits limits, TimeProvider clock)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, CallerLoad> _callers = new(StringComparer.Ordinal);
    private long _forgotAt = clock.GetTimestamp();
    private int _calls;
    private int _streams;

    /// <summary>How many callers are known.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _callers.Count;
        }
    }

    /// <summary>A connection of a caller begins; null where it has too many.</summary>
    public CallerLoad? Enter(string caller)
    {
        lock (_lock)
        {
            Forget();
            if (!_callers.TryGetValue(caller, out CallerLoad? load))
                _callers[caller] = load = new CallerLoad(caller, limits, clock);
            if (load.Connections >= CallLimits.ConnectionsPerCaller)
                return null;
            load.Connections++;
            return load;
        }
    }

    /// <summary>A connection of a caller ends.</summary>
    public void Leave(CallerLoad load)
    {
        lock (_lock)
        {
            load.Connections--;
            Forget();
        }
    }

    /// <summary>Begins a call or a stream of a caller; says why it must not where it does not.</summary>
    public Overload? Begin(CallerLoad load, bool isStream)
    {
        if (load.Begin(isStream) is { } overload)
            return overload;
        int all = isStream ? Interlocked.Increment(ref _streams) : Interlocked.Increment(ref _calls);
        if (all <= (isStream ? CallLimits.TotalStreams : limits.Calls))
            return null;
        End(load, isStream);
        return new Overload("the decision point is busy", TimeSpan.FromSeconds(1));
    }

    /// <summary>Ends what was begun.</summary>
    public void End(CallerLoad load, bool isStream)
    {
        _ = isStream ? Interlocked.Decrement(ref _streams) : Interlocked.Decrement(ref _calls);
        load.End(isStream);
    }

    private void Forget()
    {
        long now = clock.GetTimestamp();
        if (clock.GetElapsedTime(_forgotAt, now) < ForgetEvery)
            return;
        _forgotAt = now;
        foreach (CallerLoad idle in _callers.Values.Where(load => load.IsIdle).ToArray())
            _callers.Remove(idle.Caller);
    }
}
