using System.Collections.Immutable;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Configuration;

/// <summary>What the daemon's file says, read and checked.</summary>
internal sealed record AgentConfiguration
{
    /// <summary>The decision points, the preferred first.</summary>
    public required ImmutableArray<Uri> Pdp { get; init; }

    /// <summary>Who makes decisions while no decision point answers.</summary>
    public DecisionMode Mode { get; init; } = DecisionMode.AskThenBundle;

    /// <summary>The gateway's certificate, PEM; with its intermediates, if any, after it.</summary>
    public required string Certificate { get; init; }

    /// <summary>Its private key, PEM.</summary>
    public required string Key { get; init; }

    /// <summary>The only authorities that the decision point's certificate may come from, PEM.</summary>
    public required string Trust { get; init; }

    /// <summary>The folder that decisions are kept in.</summary>
    public required string State { get; init; }

    /// <summary>What the gateway says of itself.</summary>
    public DeviceContext Claims { get; init; } = DeviceContext.Empty;

    /// <summary>Where it learns the rest; of an attribute that several know, the first counts.</summary>
    public ImmutableArray<ClaimSource> Sources { get; init; } = [];

    /// <summary>It decides for itself at least this often.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where local programs ask.</summary>
    public required LocalSocket Socket { get; init; }

    /// <summary>Who may ask there, and about whom. Nobody else may.</summary>
    public ImmutableArray<CallerRule> Callers { get; init; } = [];

    /// <summary>How the credential is renewed; null where somebody else sees to it.</summary>
    public RenewalOptions? Renewal { get; init; }

    /// <summary>The services that are configured by what is decided.</summary>
    public ImmutableArray<ManagedService> Services { get; init; } = [];
}

/// <summary>The Unix domain socket.</summary>
/// <param name="Path">Its path; short, since the kernel takes 107 bytes.</param>
/// <param name="Mode">Who may connect at all. Who may ask is judged by the caller rules, whatever this lets in.</param>
internal sealed record LocalSocket(string Path, UnixFileMode Mode);

/// <summary>Who may ask about which devices.</summary>
/// <param name="User">The user; null for every member of the group.</param>
/// <param name="Group">The group; null for the user whatever its groups.</param>
/// <param name="IsSelf">Whether the gateway itself is among the devices.</param>
/// <param name="IsAll">Whether every device is among them for which the decision point lets the gateway speak.</param>
/// <param name="Devices">The ids of the others.</param>
internal sealed record CallerRule(uint? User, uint? Group, bool IsSelf, bool IsAll, ImmutableHashSet<string> Devices);
