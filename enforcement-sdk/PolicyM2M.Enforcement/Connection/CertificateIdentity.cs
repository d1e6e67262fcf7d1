using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.X509;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Who a certificate says its holder is, read as the decision point reads it.</summary>
internal static class CertificateIdentity
{
    /// <summary>The SPIFFE ID of a certificate (SPIFFE X.509-SVID, section 2).</summary>
    /// <exception cref="CryptographicException">There is none, or more than one.</exception>
    public static string Of(X509Certificate2 certificate)
    {
        if (!AlternativeNames.TryRead(certificate, out AlternativeNames? names))
            throw new CryptographicException("the certificate's subject alternative name is malformed");
        return X509Svid.Read(names.Uris, out string? fault)?.ToString() ?? throw new CryptographicException($"the certificate says of no device that it is it: {fault}");
    }
}
