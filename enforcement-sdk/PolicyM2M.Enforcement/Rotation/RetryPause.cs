namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// How long to wait after an attempt that failed: twice the last pause, up to a twenty-fifth of the time that is left (Azure IoT Edge tries again after 4 %) and
/// never more than a day; and then anything between half of that and all of it. So the longer an issuer was away, the more slowly a fleet comes back to it, and
/// the less time a credential has left, the more often it is tried.
/// </summary>
internal static class RetryPause
{
    private const int ShareOfWhatIsLeft = 25;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromDays(1), LongestPastLimit = TimeSpan.FromHours(1);

    /// <param name="attempts">How many failed before this one.</param>
    /// <param name="times">The credential's clocks.</param>
    /// <param name="limit">From when it may not be used.</param>
    /// <param name="now">The time.</param>
    /// <param name="random">From 0 to less than 1.</param>
    public static TimeSpan After(int attempts, CredentialTimes times, DateTimeOffset limit, DateTimeOffset now, double random)
    {
        TimeSpan longest = now < limit ? Capped(limit - now, Longest) : Capped(times.NotAfter - times.NotBefore, LongestPastLimit);
        TimeSpan pause = First * Math.Pow(2, Math.Min(attempts, 16));
        return (pause < longest ? pause : longest) * (0.5 + random / 2);
    }

    private static TimeSpan Capped(TimeSpan left, TimeSpan longest) => TimeSpan.FromTicks(Math.Clamp(left.Ticks / ShareOfWhatIsLeft, First.Ticks, longest.Ticks));
}
