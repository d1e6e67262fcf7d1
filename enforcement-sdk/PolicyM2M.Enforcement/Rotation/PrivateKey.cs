using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Private keys of credentials: those that a certificate may have here, and the one kind that is made.</summary>
internal static class PrivateKey
{
    /// <summary>A new key on P-256 (FIPS 186-5), in PEM (RFC 7468): what hardware on gateways and constrained stacks can use.</summary>
    public static string CreatePem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>The key of a certificate that has one.</summary>
    /// <exception cref="CryptographicException">It is neither ECDSA nor RSA.</exception>
    public static AsymmetricAlgorithm Of(X509Certificate2 certificate) =>
        certificate.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey()
        ?? throw new CryptographicException($"a key of the kind {certificate.GetKeyAlgorithm()} cannot sign a request here; ECDSA and RSA can");

    /// <summary>Reads a key that <see cref="CreatePem"/> made.</summary>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static AsymmetricAlgorithm Read(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception malformed) when (malformed is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CryptographicException("it is no private key in PEM", malformed);
        }
    }
}
