using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>When a device's certificate can be used: a decision point goes by the first end in its chain (RFC 5280, section 6.1.3), and so does whoever renews it. Immutable.</summary>
/// <param name="From">From when the certificate itself is valid.</param>
/// <param name="Until">When the first ends of it and of the authorities above it in its file.</param>
/// <param name="Authority">The subject of what ends then; null where that is the certificate itself.</param>
internal sealed record CertificateValidity(DateTimeOffset From, DateTimeOffset Until, string? Authority)
{
    /// <summary>
    /// That of a certificate and of the authorities that lead up from it. What else the file holds does not count, nor does a root, which the decision point has itself; and of an authority that is there twice, as
    /// after it was issued anew, the one that ends last.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="path">The file that it is the first of.</param>
    /// <exception cref="CryptographicException">The file holds no certificate in PEM.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CertificateValidity Of(X509Certificate2 certificate, string path)
    {
        X509Certificate2Collection others = CertificateChain.AboveDevice(path);
        try
        {
            var validity = new CertificateValidity(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), Authority: null);
            // No chain is longer than the file, so that none that runs in a circle is followed for ever.
            X509Certificate2? link = Issuer(certificate, others);
            for (int length = 0; link is not null && length < others.Count; length++, link = Issuer(link, others))
            {
                if (link.NotAfter.ToUniversalTime() < validity.Until)
                    validity = validity with { Until = link.NotAfter.ToUniversalTime(), Authority = link.Subject };
            }
            return validity;
        }
        finally
        {
            foreach (X509Certificate2 other in others)
                other.Dispose();
        }
    }

    private static X509Certificate2? Issuer(X509Certificate2 certificate, X509Certificate2Collection others) =>
        others.Where(other => IsSame(other.SubjectName, certificate.IssuerName) && !IsSame(other.SubjectName, other.IssuerName)).MaxBy(other => other.NotAfter);

    private static bool IsSame(X500DistinguishedName one, X500DistinguishedName other) => one.RawData.AsSpan().SequenceEqual(other.RawData);
}
