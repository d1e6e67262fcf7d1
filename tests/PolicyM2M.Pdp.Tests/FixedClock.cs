namespace PolicyM2M.Pdp.Tests;

/// <summary>A clock that says one instant; its timers run as real ones.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
