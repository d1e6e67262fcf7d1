using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Reads the SPIFFE ID out of a leaf certificate, by the X509-SVID standard, sections 2 to 5. Whether the certificate is trusted is another question.</summary>
internal static class X509Svid
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The ID; false, with the rule that is broken, where the certificate is no X509-SVID.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out SpiffeId? id, [NotNullWhen(false)] out string? fault)
    {
        id = null;
        fault = FaultOfUse(certificate);
        if (fault is not null)
            return false;
        string[] uris;
        try
        {
            uris = [.. certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName).SelectMany(Uris)];
        }
        catch (AsnContentException)
        {
            fault = "its subject alternative name is malformed";
            return false;
        }

        if (uris.Length != 1)
            fault = $"it has {uris.Length} URIs as subject alternative name, and an X509-SVID has exactly one";
        else if (!SpiffeId.TryParse(uris[0], out SpiffeId? read, out string? rule))
            fault = $"its URI is not a SPIFFE ID: {rule}";
        else if (read.Path.Length == 0)
            fault = "its SPIFFE ID has no path, so it names a trust domain and not a workload";
        else
            id = read;
        return id is not null;
    }

    private static string? FaultOfUse(X509Certificate2 certificate)
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

    private static List<string> Uris(X509Extension extension)
    {
        List<string> uris = [];
        AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(UriTag))
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            else
                names.ReadEncodedValue();
        }
        return uris;
    }
}
