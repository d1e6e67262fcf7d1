namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// Time that never runs backwards: the system clock, the latest moment ever seen, or the latest that a decision point signed, each with what has elapsed since; whichever is latest.
/// One number is kept, and only ever raised: reading takes no lock and allocates nothing. Safe for all threads.
/// </summary>
internal sealed class DeviceClock
{
    /// <summary>A step forward that is news. Clocks are corrected by seconds; a machine that slept, or one whose clock was set, steps further.</summary>
    public static readonly TimeSpan LargeStep = TimeSpan.FromMinutes(10);

    /// <summary>How far two right clocks may differ.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    private readonly TimeProvider _time;
    private readonly Action<TimeSpan>? _onForward;
    private readonly long _began;

    /// <summary>Ticks between what has elapsed and the time.</summary>
    private long _offset;

    /// <summary>The same for what decision points signed; the least number while none did.</summary>
    private long _signed = long.MinValue;

    /// <param name="time">The system's clocks.</param>
    /// <param name="latestSeen">The latest moment seen before this process began; null where none is known.</param>
    /// <param name="onForward">Told how far the clock stepped forward, where that is far.</param>
    public DeviceClock(TimeProvider time, DateTimeOffset? latestSeen, Action<TimeSpan>? onForward = null)
    {
        _time = time;
        _began = time.GetTimestamp();
        DateTimeOffset now = time.GetUtcNow();
        SetBackBy = latestSeen > now ? latestSeen.Value - now : TimeSpan.Zero;
        _offset = (latestSeen > now ? latestSeen.Value : now).UtcTicks;
        _onForward = onForward;
    }

    /// <summary>How far the system clock stood behind the latest moment seen when the process began: then nothing kept from before is fresh.</summary>
    public TimeSpan SetBackBy { get; }

    /// <summary>The time, never before one told earlier.</summary>
    public DateTimeOffset Now => new(NowTicks, TimeSpan.Zero);

    /// <summary>The same in ticks of UTC.</summary>
    public long NowTicks
    {
        get
        {
            long elapsed = Elapsed;
            return Limited(elapsed, Raised(ref _offset, _time.GetUtcNow().UtcTicks - elapsed));
        }
    }

    /// <summary>Whether the system clock stands behind the time: then nobody knows how right the time is.</summary>
    public bool IsBehind => NowTicks - _time.GetUtcNow().UtcTicks > Tolerance.Ticks;

    /// <summary>Whether a moment that a decision point signed has certainly passed: by the time where that is believed, and otherwise by what was signed since.</summary>
    public bool HasPassed(DateTimeOffset moment)
    {
        long signed = Volatile.Read(ref _signed);
        return (signed > long.MinValue && Limited(Elapsed, signed) >= (moment + Tolerance).UtcTicks) || (!IsBehind && NowTicks >= (moment + Tolerance).UtcTicks);
    }

    /// <summary>A decision point signed something at this moment: it is at least that late.</summary>
    public void Heard(DateTimeOffset issuedAt)
    {
        long offset = issuedAt.UtcTicks - Elapsed;
        long known = Volatile.Read(ref _signed);
        while (offset > known && Interlocked.CompareExchange(ref _signed, offset, known) is var found && found != known)
            known = found;
        Raised(ref _offset, offset);
    }

    private long Elapsed => _time.GetElapsedTime(_began).Ticks;

    /// <summary>Raises the offset, and tells of a large step; gives what it then is.</summary>
    private long Raised(ref long offset, long to)
    {
        long known = Volatile.Read(ref offset);
        while (to > known)
        {
            long found = Interlocked.CompareExchange(ref offset, to, known);
            if (found == known)
            {
                if (to - known >= LargeStep.Ticks)
                    _onForward?.Invoke(TimeSpan.FromTicks(to - known));
                return to;
            }
            known = found;
        }
        return known;
    }

    /// <summary>A clock at the end of time stays there.</summary>
    private static long Limited(long elapsed, long offset) => Math.Min(elapsed + offset, DateTimeOffset.MaxValue.UtcTicks);
}
