namespace PolicyM2M.Enforcement.Caching;

/// <summary>
/// Time that never runs backwards: the system clock, or the latest moment ever seen plus what has elapsed since, whichever is later.
/// One lock guards the anchor; safe for all threads.
/// </summary>
internal sealed class DeviceClock
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private DateTimeOffset _latest;
    private long _latestAt;

    /// <param name="time">The system's clocks.</param>
    /// <param name="latestSeen">The latest moment seen before this process began; null where none is known.</param>
    public DeviceClock(TimeProvider time, DateTimeOffset? latestSeen)
    {
        _time = time;
        _latestAt = time.GetTimestamp();
        DateTimeOffset now = time.GetUtcNow();
        SetBackBy = latestSeen > now ? latestSeen.Value - now : TimeSpan.Zero;
        _latest = latestSeen > now ? latestSeen.Value : now;
    }

    /// <summary>How far the system clock stood behind the latest moment seen when the process began: then nothing kept from before is fresh.</summary>
    public TimeSpan SetBackBy { get; }

    /// <summary>The time, never before one told earlier.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (_lock)
            {
                long timestamp = _time.GetTimestamp();
                DateTimeOffset counted = _latest + _time.GetElapsedTime(_latestAt, timestamp), system = _time.GetUtcNow();
                _latest = system > counted ? system : counted;
                _latestAt = timestamp;
                return _latest;
            }
        }
    }
}
