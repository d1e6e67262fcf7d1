using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>A certificate that the device has the key of, without the key.</summary>
/// <param name="Fingerprint">The SHA-256 of the certificate, in lower-case hexadecimal digits.</param>
/// <param name="Serial">Its serial number, in hexadecimal digits.</param>
/// <param name="Times">Its clocks.</param>
public sealed record Credential(string Fingerprint, string Serial, CredentialTimes Times)
{
    /// <param name="certificate">The certificate.</param>
    /// <param name="chainEnd">When the first certificate of its chain ends.</param>
    /// <param name="keyMade">When its key was made; null where nobody knows.</param>
    internal static Credential Of(X509Certificate2 certificate, DateTimeOffset chainEnd, DateTimeOffset? keyMade)
    {
        DateTimeOffset notBefore = certificate.NotBefore.ToUniversalTime(), notAfter = certificate.NotAfter.ToUniversalTime();
        return new Credential(certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(), certificate.SerialNumber,
            CredentialTimes.Sound(notBefore, chainEnd < notAfter ? chainEnd : notAfter, keyMade ?? notBefore));
    }
}
