using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.X509.Revocation;

/// <summary>An authority as its revocation lists know it.</summary>
/// <param name="Name">Its subject, as encoded, in hexadecimal digits: lists name it in the same encoding (RFC 5280, section 5.1.2.3).</param>
/// <param name="Text">The same to read.</param>
/// <param name="Key">Its public key (SubjectPublicKeyInfo).</param>
/// <param name="KeyId">Its subject key identifier in hexadecimal digits; null where it has none.</param>
/// <param name="MaySign">Whether its key usage lets it sign revocation lists (RFC 5280, section 6.3.3, f).</param>
internal sealed record CrlIssuer(string Name, string Text, byte[] Key, string? KeyId, bool MaySign)
{
    public static CrlIssuer Of(X509Certificate2 authority) => new(
        Convert.ToHexString(authority.SubjectName.RawData),
        authority.Subject,
        authority.PublicKey.ExportSubjectPublicKeyInfo(),
        authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifier,
        authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage || usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign));
}
