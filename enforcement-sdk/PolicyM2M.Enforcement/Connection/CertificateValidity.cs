using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>When a device's certificate can be used: a decision point goes by the first end in its chain (RFC 5280, section 6.1.3), and so does whoever renews it. Immutable.</summary>
/// <param name="From">From when the certificate itself is valid.</param>
/// <param name="Until">When the first ends of it and of what stands above it in its file.</param>
/// <param name="Authority">The subject of what ends then; null where that is the certificate itself.</param>
internal sealed record CertificateValidity(DateTimeOffset From, DateTimeOffset Until, string? Authority)
{
    /// <summary>That of a certificate and what stands above it.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="path">The file that it is the first of.</param>
    /// <exception cref="CryptographicException">The file holds no certificate in PEM.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CertificateValidity Of(X509Certificate2 certificate, string path)
    {
        var validity = new CertificateValidity(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), Authority: null);
        foreach (X509Certificate2 above in CertificateChain.AboveDevice(path))
        {
            using (above)
                validity = above.NotAfter.ToUniversalTime() < validity.Until ? validity with { Until = above.NotAfter.ToUniversalTime(), Authority = above.Subject } : validity;
        }
        return validity;
    }
}
