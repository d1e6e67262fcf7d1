using PolicyM2M.Pdp.Limits;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Who may call, and how much, as the user asked for it on the command line.</summary>
internal sealed record CallerOptions
{
    /// <summary>The file that says who has which role; null for <c>roles.json</c> in the data folder, where there is one.</summary>
    public string? Roles { get; init; }

    /// <summary>Bundles of other trust domains, besides those in the data folder.</summary>
    public IReadOnlyList<(string TrustDomain, string File)> Trust { get; init; } = [];

    /// <summary>Files with revocation lists, besides those in the data folder.</summary>
    public IReadOnlyList<string> Crls { get; init; } = [];

    /// <summary>Whether the callers of an authority get in although its revocation list has ended.</summary>
    public bool AcceptsExpiredCrls { get; init; }

    /// <summary>How much callers may do.</summary>
    public CallLimits Limits { get; init; } = new();
}
