namespace PolicyM2M.Enforcement.Deciding;

/// <summary>When to ask anew for what is in use: before it ends, and each at another moment, so that a fleet which was answered together does not ask together.</summary>
internal static class RefreshTimes
{
    private const double LatestShare = 0.1, EarliestShare = 0.3;

    /// <summary>A moment between three tenths and one tenth of a window before its end.</summary>
    public static DateTimeOffset Before(DateTimeOffset end, TimeSpan window) =>
        end - window * (LatestShare + Random.Shared.NextDouble() * (EarliestShare - LatestShare));
}
