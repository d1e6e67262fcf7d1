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

    /// <summary>For how long answers that were refused as old must have gone with the time before they are believed to tell it.</summary>
    public static readonly TimeSpan Correction = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly Action<TimeSpan>? _onForward;
    private readonly Func<bool>? _isSynchronised;
    private readonly long _began;
    private readonly Lock _refusing = new();

    /// <summary>Ticks between what has elapsed and the time.</summary>
    private long _offset;

    /// <summary>The same for what decision points signed; the least number while none did.</summary>
    private long _signed = long.MinValue;

    /// <summary>The first of the answers refused as old that agree with each other: the same for it, and what had elapsed.</summary>
    private (long Offset, long Elapsed)? _refused;

    private volatile bool _isKnown;

    /// <param name="time">The system's clocks.</param>
    /// <param name="latestSeen">The latest moment seen before this process began; null where none is known.</param>
    /// <param name="onForward">Told how far the clock stepped forward, where that is far.</param>
    /// <param name="isSynchronised">Where the machine was started since the latest moment seen: whether somebody who knows has set its clock. Null where it ran on.</param>
    public DeviceClock(TimeProvider time, DateTimeOffset? latestSeen, Action<TimeSpan>? onForward = null, Func<bool>? isSynchronised = null)
    {
        _isSynchronised = isSynchronised;
        _isKnown = isSynchronised is null;
        _time = time;
        _began = time.GetTimestamp();
        DateTimeOffset now = time.GetUtcNow();
        SetBackBy = latestSeen > now ? latestSeen.Value - now : TimeSpan.Zero;
        _offset = (latestSeen > now ? latestSeen.Value : now).UtcTicks;
        _onForward = onForward;
    }

    /// <summary>How far the system clock stood behind the latest moment seen when the process began: then nothing kept from before is fresh.</summary>
    public TimeSpan SetBackBy { get; }

    /// <summary>
    /// Whether anybody vouches for the time: since the machine was started the kernel says that the clock was set, or a decision point answered. Until then it may stand anywhere after the latest moment
    /// seen, however long the machine was off, and nothing kept is fresh.
    /// </summary>
    public bool IsKnown => _isKnown || (_isKnown = _isSynchronised!());

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

    /// <summary>An answer of now was taken, and its moment was heard: the time is known.</summary>
    public void Confirm() => _isKnown = true;

    /// <summary>
    /// An answer that was signed at this moment was refused because it had passed. Where such answers go with the time for long enough, it is what was signed before them that was wrong, by a decision point
    /// whose clock was ahead: then they tell what is signed. A replay stands still. What was taken for the time stays the time.
    /// </summary>
    public void Refused(DateTimeOffset issuedAt)
    {
        long elapsed = Elapsed, offset = issuedAt.UtcTicks - elapsed;
        lock (_refusing)
        {
            if (_refused is not { } first || Math.Abs(offset - first.Offset) > Tolerance.Ticks)
            {
                _refused = (offset, elapsed);
            }
            else if (elapsed - first.Elapsed >= Correction.Ticks)
            {
                Volatile.Write(ref _signed, offset);
                _refused = null;
            }
        }
    }

    /// <summary>A mark of this moment, which no step of any clock moves.</summary>
    public long Mark => Elapsed;

    /// <summary>When a mark was made, by the time as it is known now.</summary>
    public DateTimeOffset When(long mark) => new(NowTicks - (Elapsed - mark), TimeSpan.Zero);

    /// <summary>When a window that a decision point gave ends by this clock. It counts from when it was asked for, and ends no later than it says: a wrong clock on either side lengthens nothing.</summary>
    /// <param name="issuedAt">When it began, by the decision point's clock.</param>
    /// <param name="end">When it ends, by the same.</param>
    /// <param name="askedAt">When it was asked for, by this clock; or, where nobody asked, when it came.</param>
    public DateTimeOffset End(DateTimeOffset issuedAt, DateTimeOffset end, DateTimeOffset askedAt)
    {
        DateTimeOffset counted = askedAt + (end - issuedAt);
        // A clock that was set back since counts on from the latest moment seen, which may be far ahead of everybody else's.
        return !IsBehind && end < counted ? end : counted;
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
