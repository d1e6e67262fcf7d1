using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>A device's certificate and what leads from it to its authority, in one file (RFC 8446, section 4.4.2: the device's own comes first).</summary>
internal static class CertificateChain
{
    /// <summary>What comes after the device's own certificate.</summary>
    /// <exception cref="CryptographicException">The file holds no certificate in PEM: somebody may be about to write it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static X509Certificate2Collection AboveDevice(string path)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(BoundedFile.ReadText(path, BoundedFile.LargestPem));
        if (chain.Count == 0)
            throw new CryptographicException($"{path} holds no certificate in PEM");
        chain.RemoveAt(0);
        return chain;
    }
}
