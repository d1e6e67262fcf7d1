namespace PolicyM2M.Agent.Local;

/// <summary>How many connections the socket takes, and for how long one may say nothing.</summary>
/// <param name="Most">Of all users together. Each program of the machine holds one.</param>
/// <param name="MostPerUser">Of one user, while others leave room: a user never holds more than are still free, so that there is room for another.</param>
/// <param name="LongestSilence">How long one may last before its first request.</param>
internal sealed record ConnectionLimits(int Most, int MostPerUser, TimeSpan LongestSilence)
{
    public static ConnectionLimits Usual { get; } = new(256, 64, TimeSpan.FromSeconds(10));
}
