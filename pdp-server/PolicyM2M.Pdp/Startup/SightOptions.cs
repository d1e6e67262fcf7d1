using System.Net;

namespace PolicyM2M.Pdp.Startup;

/// <summary>How the server is seen from outside, and how it ends, as the user asked for it.</summary>
internal sealed record SightOptions
{
    /// <summary>Long enough for a load balancer that looks every second or two to send no more.</summary>
    public static readonly TimeSpan UsualDrain = TimeSpan.FromSeconds(5);

    /// <summary>How long the server still answers after it was asked to end.</summary>
    public TimeSpan Drain { get; init; } = UsualDrain;

    /// <summary>Where health and metrics are told; null for nowhere.</summary>
    public IPEndPoint? Monitor { get; init; }

    /// <summary>Whether log lines are JSON.</summary>
    public bool LogsJson { get; init; }

    /// <summary>The collector that metrics, traces and logs are sent to; null for none.</summary>
    public Uri? Otlp { get; init; }
}
