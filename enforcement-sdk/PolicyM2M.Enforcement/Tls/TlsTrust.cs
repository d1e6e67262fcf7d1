using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>Whom this end believes, and who the peer must be.</summary>
/// <param name="Authorities">The only authorities believed; the system's are not.</param>
public sealed record TlsTrust(X509Certificate2Collection Authorities)
{
    /// <summary>Where the revocation lists of these authorities are; null where there are none.</summary>
    public RevocationListFiles? RevocationLists { get; init; }

    /// <summary>
    /// The SPIFFE IDs that the peer may have. A client that names some goes by them and not by the host's name; where none are named, a
    /// client holds the server to its host name, and a server takes every client that its authorities vouch for.
    /// </summary>
    public ImmutableArray<string> PeerIds { get; init; } = [];

    /// <summary>A chain policy for one handshake: these roots alone, the time as this device knows it, and nothing fetched from anywhere.</summary>
    internal X509ChainPolicy ChainPolicy(DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Revocation is held against the lists of files afterwards: .NET on Linux cannot be given one, and would fetch.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTimeIgnored = false,
            VerificationTime = now.LocalDateTime,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }
}
