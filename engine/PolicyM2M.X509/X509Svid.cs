using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.X509;

/// <summary>Reads the SPIFFE ID out of a leaf certificate, by the X509-SVID standard, sections 2 to 5. Whether the certificate is trusted is another question.</summary>
internal static class X509Svid
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The ID; false, with the rule that is broken, where the certificate is no X509-SVID.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out SpiffeId? id, [NotNullWhen(false)] out string? fault)
    {
        id = null;
        fault = FaultOfUse(certificate);
        if (fault is not null)
            return false;
        if (AlternativeNames.TryRead(certificate, out AlternativeNames? names))
            id = Read(names.Uris, out fault);
        else
            fault = "its subject alternative name is malformed";
        return id is not null;
    }

    /// <summary>The one SPIFFE ID among the URIs of a certificate; null, with the rule that is broken, where there is none.</summary>
    public static SpiffeId? Read(IReadOnlyList<string> uris, out string? fault)
    {
        if (uris.Count != 1)
            fault = $"it has {uris.Count} URIs as subject alternative name, and an X509-SVID has exactly one";
        else if (!SpiffeId.TryParse(uris[0], out SpiffeId? read, out string? rule))
            fault = $"its URI is not a SPIFFE ID: {rule}";
        else if (read.Path.Length == 0)
            fault = "its SPIFFE ID has no path, so it names a trust domain and not a workload";
        else
        {
            fault = null;
            return read;
        }
        return null;
    }

    /// <summary>Why the certificate is no leaf that somebody may sign with; null where it is one. What SPIFFE asks of its leaves is asked of every caller's.</summary>
    public static string? FaultOfUse(X509Certificate2 certificate)
    {
        X509KeyUsageFlags? usage = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages;
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority))
            return "it is the certificate of an authority";
        if (usage is null || !usage.Value.HasFlag(X509KeyUsageFlags.DigitalSignature))
            return "its key usage does not say digitalSignature";
        if ((usage.Value & (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)) != 0)
            return "its key usage says keyCertSign or cRLSign, as only an authority's may";
        return null;
    }
}
