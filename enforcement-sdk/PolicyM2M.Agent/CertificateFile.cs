using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>What the daemon reads off certificates.</summary>
internal static class CertificateFile
{
    /// <summary>Until when the first certificate of a file can be used.</summary>
    /// <exception cref="CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static DateTimeOffset Until(string path) => Of(path).Until;

    /// <summary>The SHA-256 of the first certificate of a file, in lower-case hexadecimal digits.</summary>
    /// <exception cref="CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string FingerprintOf(string path)
    {
        using X509Certificate2 certificate = Open(path);
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    /// <summary>When the first certificate of a file can be used.</summary>
    /// <exception cref="CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CertificateValidity Of(string path)
    {
        using X509Certificate2 certificate = Open(path);
        return CertificateValidity.Of(certificate, path);
    }

    /// <summary>The same; null where the file cannot be read or holds no certificate.</summary>
    public static CertificateValidity? TryOf(string path)
    {
        try
        {
            return Of(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The first certificate of a file.</summary>
    /// <exception cref="CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static X509Certificate2 Open(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPem(BoundedFile.ReadText(path, BoundedFile.LargestPem));
        }
        catch (CryptographicException malformed)
        {
            throw new CryptographicException($"{path} holds no certificate in PEM", malformed);
        }
    }
}
