using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Enforcement;

/// <summary>How a device reaches its decision point, and where it keeps what it was told.</summary>
public sealed record PolicyClientOptions
{
    /// <summary>The decision point, such as <c>https://pdp.plant7.example:8443</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Other decision points that serve the same, the preferred first: asked while those before them do not answer.</summary>
    public IReadOnlyList<Uri> FurtherEndpoints { get; init; } = [];

    /// <summary>Who makes decisions.</summary>
    public DecisionMode Mode { get; init; }

    /// <summary>The device's certificate, PEM; with its intermediates, if any, after it.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>The certificate's private key, PEM.</summary>
    public required string KeyPath { get; init; }

    /// <summary>The only authorities that the decision point's certificate may come from, PEM.</summary>
    public required string TrustPath { get; init; }

    /// <summary>The file that decisions are kept in, encrypted. Its folder is made where it is not there. A bundle that is held lies beside it, as its path with <c>.bundle</c> after it.</summary>
    public required string CachePath { get; init; }

    /// <summary>
    /// The key that the cache is encrypted with: 32 random bytes, made on first use and readable by this user only.
    /// Null: beside the private key, as its path with <c>.cache-key</c> after it.
    /// </summary>
    public string? CacheKeyPath { get; init; }

    /// <summary>Where the key of the cache comes from instead of a file; null for the file.</summary>
    public IStoreKey? CacheKey { get; init; }

    /// <summary>How long the decision point may take to answer. Where there are several, the next is asked besides much earlier.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause between attempts to reach the decision point again.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Told what happens, on whichever thread it happens; must return soon. One that throws is counted, and ends nothing. No secrets are passed.</summary>
    public Action<ClientEvent>? OnEvent { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the machine says of its clock.</summary>
    internal MachineState Machine { get; init; } = MachineState.Own;
}
