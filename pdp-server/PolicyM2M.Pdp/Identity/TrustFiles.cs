using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Where the bundles of other trust domains are: those that options name, and each <c>DOMAIN.pem</c> in the folder <c>trust</c>.</summary>
internal static class TrustFiles
{
    /// <summary>More bytes than a file of certificates has: all authorities of the public web are a fifth of a MiB.</summary>
    public const int Largest = 16 << 20;

    /// <summary>The trust domains and their files; one that is named twice comes twice.</summary>
    /// <exception cref="StartupException">A file in the folder has not the name of a trust domain.</exception>
    public static IEnumerable<(string TrustDomain, string File)> Find(DataFolder data, CallerOptions options)
    {
        foreach ((string domain, string file) in options.Trust)
            yield return (domain, file);
        if (!Directory.Exists(data.Trust))
            yield break;
        foreach (string file in Directory.EnumerateFiles(data.Trust, "*.pem").Order(StringComparer.Ordinal))
        {
            string domain = Path.GetFileNameWithoutExtension(file);
            if (!SpiffeId.TryParse($"spiffe://{domain}", out _, out string? fault))
                throw new StartupException($"{file} has not the name of a trust domain and `.pem`: {fault}");
            yield return (domain, file);
        }
    }

    /// <summary>The certificates of a bundle.</summary>
    /// <exception cref="StartupException">It holds none.</exception>
    public static X509Certificate2Collection Load(string file)
    {
        var bundle = new X509Certificate2Collection();
        bundle.ImportFromPem(OrdinaryFile.ReadText(file, Largest));
        return bundle.Count > 0 ? bundle : throw new StartupException($"{file} holds no certificate");
    }
}
