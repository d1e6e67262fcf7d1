namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// How long to wait after an attempt that failed: twice the last pause, up to a twenty-fifth of the credential's life (Azure IoT Edge tries again after 4 %) and
/// never more than an hour; and then anything between half of that and all of it, so that a fleet does not come back as one.
/// </summary>
internal static class RetryPause
{
    private const int ShareOfLife = 25;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromHours(1);

    /// <param name="attempts">How many failed before this one.</param>
    /// <param name="life">How long the credential lives.</param>
    /// <param name="random">From 0 to less than 1.</param>
    public static TimeSpan After(int attempts, TimeSpan life, double random)
    {
        TimeSpan longest = TimeSpan.FromTicks(Math.Clamp(life.Ticks / ShareOfLife, First.Ticks, Longest.Ticks));
        TimeSpan pause = First * Math.Pow(2, Math.Min(attempts, 16));
        return (pause < longest ? pause : longest) * (0.5 + random / 2);
    }
}
