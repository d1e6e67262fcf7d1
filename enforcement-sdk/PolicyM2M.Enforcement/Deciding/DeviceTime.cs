namespace PolicyM2M.Enforcement.Deciding;

/// <summary>A device's clock for whoever takes a <see cref="TimeProvider"/>. Timers and timestamps are those of the clock beneath.</summary>
internal sealed class DeviceTime(DeviceClock clock, TimeProvider beneath) : TimeProvider
{
    public override long TimestampFrequency => beneath.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => beneath.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.Now;

    public override long GetTimestamp() => beneath.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => beneath.CreateTimer(callback, state, dueTime, period);
}
