namespace PolicyM2M.Testing;

/// <summary>A clock that a test moves. Its system time can be set anywhere; its elapsed time only grows, as that of a real machine. Timers run on real time.</summary>
public sealed class ManualTime : TimeProvider
{
    private long _elapsedTicks;
    private long _setByTicks;

    /// <summary>Begins at the machine's own time, so that certificates made in a test are valid.</summary>
    public ManualTime() => Start = System.GetUtcNow();

    /// <summary>The moment at which it began.</summary>
    public DateTimeOffset Start { get; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Start.AddTicks(Interlocked.Read(ref _elapsedTicks) + Interlocked.Read(ref _setByTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _elapsedTicks);

    /// <summary>Time passes.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _elapsedTicks, by.Ticks);

    /// <summary>Somebody sets the system clock, forward or back; no time passes.</summary>
    public void SetBy(TimeSpan by) => Interlocked.Add(ref _setByTicks, by.Ticks);
}
