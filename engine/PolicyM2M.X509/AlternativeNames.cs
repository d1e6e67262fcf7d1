using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.X509;

/// <summary>The names of a certificate that say who a caller is: URIs and DNS names of its subject alternative name (RFC 5280, section 4.2.1.6).</summary>
internal sealed record AlternativeNames(IReadOnlyList<string> Uris, IReadOnlyList<string> DnsNames)
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag DnsTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Reads them; false where the extension is malformed. A certificate without one has none.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out AlternativeNames? names)
    {
        List<string> uris = [], dns = [];
        try
        {
            foreach (X509Extension extension in certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
            {
                AsnReader all = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (all.HasData)
                {
                    Asn1Tag tag = all.PeekTag();
                    if (tag.HasSameClassAndValue(UriTag))
                        uris.Add(all.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                    else if (tag.HasSameClassAndValue(DnsTag))
                        dns.Add(all.ReadCharacterString(UniversalTagNumber.IA5String, DnsTag));
                    else
                        all.ReadEncodedValue();
                }
            }
        }
        catch (AsnContentException)
        {
            names = null;
            return false;
        }
        names = new AlternativeNames(uris, dns);
        return true;
    }
}
