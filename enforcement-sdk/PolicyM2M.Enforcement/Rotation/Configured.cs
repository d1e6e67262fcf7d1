using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>The credential that the device was configured with: a pair of files that somebody else writes, and may be writing just now.</summary>
internal sealed record Configured(Credential Credential, string ChainPem, string KeyPem)
{
    /// <summary>Reads the pair; null where it is not there, or where <paramref name="unusable"/> says why it cannot be used.</summary>
    public static Configured? Read(RotationOptions options, out string? unusable)
    {
        unusable = null;
        if (!File.Exists(options.CertificatePath))
            return null;
        try
        {
            using (X509Certificate2 certificate = CredentialFolder.Open(options.CertificatePath, options.KeyPath))
                PrivateKey.Of(certificate).Dispose();
            return new Configured(Read(options.CertificatePath, options.KeyMade), Text(options.CertificatePath), Text(options.KeyPath));
        }
        catch (Exception damage) when (damage is IOException or UnauthorizedAccessException or CryptographicException)
        {
            unusable = damage.Message;
            return null;
        }
    }

    /// <summary>What a file of certificates says of its first. It ends with the first authority that leads up from it: what else the file holds, as an authority from before, ends nothing.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="CryptographicException">It is malformed.</exception>
    public static Credential Read(string certificatePath, DateTimeOffset? keyMade)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(Text(certificatePath));
        if (chain.Count == 0)
            throw new CryptographicException($"{certificatePath} holds no certificate in PEM");
        var credential = Credential.Of(chain[0], CertificateValidity.Of(chain[0], certificatePath).Until, keyMade);
        foreach (X509Certificate2 certificate in chain)
            certificate.Dispose();
        return credential;
    }

    /// <summary>Why it is no successor of the credential in use; null where it is one. Whoever put it there is believed to have put no older one there.</summary>
    public string? FaultAfter(X509Certificate2 current, string trustPath, DateTimeOffset now, DateTimeOffset system, out bool isRekeyed, out CheckedSuccessor? successor)
    {
        (isRekeyed, successor) = (true, null);
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(Text(trustPath));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(ChainPem);
            using X509Certificate2 own = X509Certificate2.CreateFromPem(ChainPem, KeyPem);
            using AsymmetricAlgorithm key = PrivateKey.Of(own);
            isRekeyed = !key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(current.PublicKey.ExportSubjectPublicKeyInfo());
            return SuccessorCheck.Fault([.. chain.Select(certificate => certificate.RawDataMemory)], current, key, authorities, now, system, out successor);
        }
        catch (Exception damage) when (damage is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return damage.Message;
        }
    }

    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void AddTo(CredentialFolder folder) => folder.Add(Credential.Fingerprint, ChainPem, KeyPem);

    private static string Text(string path) => BoundedFile.ReadText(path, BoundedFile.LargestPem);
}
