using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Who a certificate says its holder is.</summary>
internal static class CertificateIdentity
{
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>GeneralName, uniformResourceIdentifier (RFC 5280, 4.2.1.6).</summary>
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>The one URI among the subject's alternative names: the SPIFFE ID (SPIFFE X.509-SVID, section 2).</summary>
    /// <exception cref="CryptographicException">There is none, or more than one.</exception>
    public static string Of(X509Certificate2 certificate)
    {
        byte[] names = certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName)?.RawData
            ?? throw new CryptographicException("the certificate has no subject alternative name, so no SPIFFE ID");
        try
        {
            var found = new List<string>();
            AsnReader reader = new AsnReader(names, AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
            {
                if (reader.PeekTag().HasSameClassAndValue(Uri))
                    found.Add(Encoding.ASCII.GetString(reader.ReadOctetString(Uri)));
                else
                    reader.ReadEncodedValue();
            }
            return found is [var only] ? only : throw new CryptographicException($"the certificate has {found.Count} URIs as subject alternative names; a SPIFFE certificate has one");
        }
        catch (AsnContentException malformed)
        {
            throw new CryptographicException("the certificate's subject alternative name is malformed", malformed);
        }
    }
}
