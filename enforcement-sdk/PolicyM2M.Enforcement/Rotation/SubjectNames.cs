using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>All that a certificate calls its holder.</summary>
internal static class SubjectNames
{
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>The extension with the other names (RFC 5280, 4.2.1.6); null where there is none.</summary>
    public static X509Extension? Extension(X509Certificate2 certificate) =>
        certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName);

    /// <summary>Whether both call their holder the same. An issuer may encode and order names anew; it may not add, leave out or change one.</summary>
    /// <exception cref="CryptographicException">Names are malformed.</exception>
    public static bool AreSame(X509Certificate2 one, X509Certificate2 other) =>
        one.SubjectName.Name == other.SubjectName.Name && Others(one).SequenceEqual(Others(other), StringComparer.Ordinal);

    private static string[] Others(X509Certificate2 certificate)
    {
        if (Extension(certificate) is not { } extension)
            return [];
        try
        {
            var names = new List<string>();
            AsnReader reader = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
                names.Add(Convert.ToHexString(reader.ReadEncodedValue().Span));
            return [.. names.Order(StringComparer.Ordinal)];
        }
        catch (AsnContentException malformed)
        {
            throw new CryptographicException("a certificate's subject alternative name is malformed", malformed);
        }
    }
}
