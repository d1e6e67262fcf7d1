using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Agent;

/// <summary>When certificates are valid.</summary>
internal static class CertificateTimes
{
    /// <summary>Until when the first certificate of a file is valid.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static DateTimeOffset Until(string path) => Of(path).Until;

    /// <summary>From when and until when the first certificate of a file is valid.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (DateTimeOffset From, DateTimeOffset Until) Of(string path)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
        return (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
    }
}
