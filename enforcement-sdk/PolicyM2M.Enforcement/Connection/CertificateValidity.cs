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
            return Of(certificate, [.. others.Where(other => !IsRoot(other))]);
        }
        finally
        {
            Dispose(others);
        }
    }

    /// <summary>
    /// The same by all that this device holds: the authorities that it judges decision points by, too, and roots. A decision point may hold later ones of their names; but where it says no just when one of these
    /// has ended, that is why.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="path">The file that it is the first of.</param>
    /// <param name="trustPath">The authorities that decision points are judged by.</param>
    /// <exception cref="CryptographicException">A file holds no certificate in PEM.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static CertificateValidity OfAllHeld(X509Certificate2 certificate, string path, string trustPath)
    {
        X509Certificate2Collection others = CertificateChain.AboveDevice(path);
        try
        {
            others.AddRange(MutualTls.Authorities(trustPath));
            return Of(certificate, [.. others]);
        }
        finally
        {
            Dispose(others);
        }
    }

    private static CertificateValidity Of(X509Certificate2 certificate, IReadOnlyCollection<X509Certificate2> others)
    {
        var validity = new CertificateValidity(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), Authority: null);
        // No chain is longer than what there is, so that none that runs in a circle is followed for ever.
        X509Certificate2? link = Issuer(certificate, others);
        for (int length = 0; link is not null && length < others.Count; length++, link = IsRoot(link) ? null : Issuer(link, others))
        {
            if (link.NotAfter.ToUniversalTime() < validity.Until)
                validity = validity with { Until = link.NotAfter.ToUniversalTime(), Authority = link.Subject };
        }
        return validity;
    }

    private static X509Certificate2? Issuer(X509Certificate2 certificate, IEnumerable<X509Certificate2> others) => others.Where(other => IsSame(other.SubjectName, certificate.IssuerName)).MaxBy(other => other.NotAfter);

    private static bool IsRoot(X509Certificate2 certificate) => IsSame(certificate.SubjectName, certificate.IssuerName);

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (X509Certificate2 certificate in certificates)
            certificate.Dispose();
    }

    private static bool IsSame(X500DistinguishedName one, X500DistinguishedName other) => one.RawData.AsSpan().SequenceEqual(other.RawData);
}
