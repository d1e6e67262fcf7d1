using System.Collections.Immutable;
using PolicyM2M.Enforcement;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent.Status;

/// <summary>How the daemon fares, at one moment.</summary>
internal sealed record AgentStatus
{
    /// <summary>The gateway's identity: its SPIFFE ID.</summary>
    public string Device { get; init; } = "";

    /// <summary>The decision points, the preferred first.</summary>
    public required ImmutableArray<Uri> Pdp { get; init; }

    /// <summary>When the daemon started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Why the decision point cannot be reached; null while nothing says that it cannot.</summary>
    public string? Outage { get; init; }

    /// <summary>Whether somebody is there and ends the handshake: the decision point, which does not take the credential, or anybody on the way to it.</summary>
    public bool IsTurnedAway { get; init; }

    /// <summary>Whether the decision point itself has said that it will not speak to the credential.</summary>
    public bool IsUnwelcome { get; init; }

    /// <summary>The policies that the decision point serves; null while it has told none.</summary>
    public RevisionId? Revision { get; init; }

    /// <summary>What was heard of the registry.</summary>
    public RegistryNews Registry { get; init; } = RegistryNews.None;

    /// <summary>Until when the certificate in use is valid.</summary>
    public DateTimeOffset CertificateUntil { get; init; }

    /// <summary>Whether little of its time is left.</summary>
    public bool IsCertificateEnding { get; init; }

    /// <summary>Why the last attempt to renew it failed, and when the next is; null where none failed since the last that did not.</summary>
    public string? RenewalFault { get; init; }

    /// <summary>Why the policies do not allow it to be used any more; null where they do.</summary>
    public string? WhyUnusable { get; init; }

    /// <summary>What holds for the gateway itself.</summary>
    public ImmutableArray<DeviceDecision> Decisions { get; init; } = [];

    /// <summary>The services that follow the decisions.</summary>
    public ImmutableSortedDictionary<string, ServiceState> Services { get; init; } = ImmutableSortedDictionary<string, ServiceState>.Empty;

    /// <summary>What happened lately, the newest last.</summary>
    public ImmutableArray<Happening> Events { get; init; } = [];
}

/// <summary>Something that happened.</summary>
/// <param name="At">When.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Detail">What it says, in words.</param>
internal sealed record Happening(DateTimeOffset At, string Name, string Detail);

/// <summary>What became of a service.</summary>
/// <param name="Stage">How far it came.</param>
/// <param name="Since">Since when.</param>
/// <param name="Detail">In words: what is lost to the stack, or why it is refused or fails.</param>
internal sealed record ServiceState(ServiceStage Stage, DateTimeOffset Since, string Detail);

/// <summary>How far a service came with what is decided.</summary>
internal enum ServiceStage
{
    /// <summary>It runs by what is decided.</summary>
    InForce,

    /// <summary>Nothing may run, and it was ended.</summary>
    Refused,

    /// <summary>It could not be brought to what is decided; it is tried again.</summary>
    Failing,
}
