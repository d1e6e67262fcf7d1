using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// The files of one credential and its successors: a folder for each, named by its fingerprint, with <c>certificate.pem</c> and <c>key.pem</c>; and the link
/// <c>current</c>, which always leads to a pair that belongs together. For its owner only.
/// </summary>
internal sealed class CredentialFolder
{
    private const string CertificateFile = "certificate.pem", KeyFile = "key.pem", Link = "current";
    private const int FingerprintLength = 64;

    /// <exception cref="IOException">The folder cannot be made.</exception>
    public CredentialFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        WholeFile.CreateFolder(Path);
    }

    public string Path { get; }

    /// <summary>Where the key lies that the next credential is asked for with.</summary>
    public string PendingKeyPath => System.IO.Path.Combine(Path, "pending-key.pem");

    /// <summary>Where the request for the next credential lies.</summary>
    public string RequestPath => System.IO.Path.Combine(Path, "request.csr");

    public string CertificatePath(string fingerprint) => System.IO.Path.Combine(Path, fingerprint, CertificateFile);

    public string KeyPath(string fingerprint) => System.IO.Path.Combine(Path, fingerprint, KeyFile);

    /// <summary>The certificate with its key.</summary>
    /// <exception cref="CryptographicException">A file is malformed, or they do not belong together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public X509Certificate2 Open(string fingerprint) => Open(CertificatePath(fingerprint), KeyPath(fingerprint));

    /// <inheritdoc cref="Open(string)"/>
    public static X509Certificate2 Open(string certificatePath, string keyPath)
    {
        try
        {
            return X509Certificate2.CreateFromPem(BoundedFile.ReadText(certificatePath, BoundedFile.LargestPem), BoundedFile.ReadText(keyPath, BoundedFile.LargestPem));
        }
        catch (ArgumentException mismatch)
        {
            throw new CryptographicException($"the key in {keyPath} is not that of the certificate in {certificatePath}", mismatch);
        }
    }

    /// <summary>Whether both files of a credential are there and belong together.</summary>
    public bool IsWhole(string fingerprint)
    {
        try
        {
            using X509Certificate2 certificate = Open(fingerprint);
            return certificate.HasPrivateKey && certificate.GetCertHashString(HashAlgorithmName.SHA256).Equals(fingerprint, StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception damage) when (damage is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Writes a credential: its folder has its name only once both files are whole.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Add(string fingerprint, string chainPem, string keyPem)
    {
        string folder = System.IO.Path.Combine(Path, fingerprint), next = $"{folder}.next";
        if (IsWhole(fingerprint))
            return;
        Remove(next);
        Remove(folder);
        WholeFile.CreateFolder(next);
        WholeFile.WriteNew(System.IO.Path.Combine(next, CertificateFile), System.Text.Encoding.ASCII.GetBytes(chainPem));
        WholeFile.WriteNew(System.IO.Path.Combine(next, KeyFile), System.Text.Encoding.ASCII.GetBytes(keyPem));
        FolderSync.Flush(next);
        Directory.Move(next, folder);
        FolderSync.Flush(Path);
    }

    /// <summary>The credentials whose files are whole.</summary>
    public IEnumerable<string> Found() =>
        Directory.EnumerateDirectories(Path).Select(System.IO.Path.GetFileName).OfType<string>().Where(name => name.Length == FingerprintLength && IsWhole(name));

    /// <summary>Leads programs that take their files from <c>current/</c> to this credential. Windows lets only administrators make links: there is none.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void PointTo(string fingerprint)
    {
        string link = System.IO.Path.Combine(Path, Link), next = $"{link}.next";
        if (OperatingSystem.IsWindows() || new DirectoryInfo(link).LinkTarget == fingerprint)
            return;
        File.Delete(next);
        File.CreateSymbolicLink(next, fingerprint);
        LinkRename.Over(next, link);
        FolderSync.Flush(Path);
    }

    /// <summary>Removes all credentials but these, and what a power cut left half.</summary>
    public void KeepOnly(IReadOnlySet<string> fingerprints)
    {
        foreach (string folder in Directory.EnumerateDirectories(Path).Where(path => new DirectoryInfo(path).LinkTarget is null && !fingerprints.Contains(System.IO.Path.GetFileName(path))).ToArray())
            Remove(folder);
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
