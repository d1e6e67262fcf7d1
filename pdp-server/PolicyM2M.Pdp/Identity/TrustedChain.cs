using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>A chain from a caller's certificate to an authority of a trust domain. Immutable.</summary>
/// <param name="TrustDomain">The trust domain.</param>
/// <param name="Links">Every certificate but the authority's own, from the leaf up.</param>
/// <param name="Root">The fingerprint (SHA-256) of the authority's certificate.</param>
/// <param name="Until">When the first certificate of it ends.</param>
internal sealed record TrustedChain(string TrustDomain, IReadOnlyList<ChainLink> Links, string Root, DateTimeOffset Until)
{
    /// <summary>What of a chain that was built is kept.</summary>
    public static TrustedChain Of(string trustDomain, X509Chain chain)
    {
        X509Certificate2[] certificates = [.. chain.ChainElements.Select(element => element.Certificate)];
        return new TrustedChain(
            trustDomain,
            [.. certificates.Zip(certificates.Skip(1), (subject, issuer) => new ChainLink(subject.SerialNumber, CrlIssuer.Of(issuer)))],
            FingerprintOf(certificates[^1]),
            certificates.Min(certificate => new DateTimeOffset(certificate.NotAfter)));
    }

    /// <summary>What tells certificates apart.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);
}
