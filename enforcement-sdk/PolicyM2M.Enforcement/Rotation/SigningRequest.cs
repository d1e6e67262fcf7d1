using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>The request for a successor: PKCS #10 (RFC 2986) with the names of the credential in use, as re-enrolment demands (RFC 7030, 4.2.2).</summary>
internal static class SigningRequest
{
    /// <param name="current">The credential in use.</param>
    /// <param name="key">The key that the successor will have: its own, or a new one.</param>
    /// <returns>The request in DER.</returns>
    /// <exception cref="CryptographicException">The key cannot sign it.</exception>
    public static byte[] Create(X509Certificate2 current, AsymmetricAlgorithm key)
    {
        CertificateRequest request = key switch
        {
            ECDsa ecdsa => new CertificateRequest(current.SubjectName, ecdsa, ecdsa.KeySize > 256 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256),
            RSA rsa => new CertificateRequest(current.SubjectName, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => throw new CryptographicException($"a key of the kind {key.GetType().Name} cannot sign a request here"),
        };
        if (SubjectNames.Extension(current) is { } names)
            request.CertificateExtensions.Add(names);
        return request.CreateSigningRequest();
    }
}
