using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity;

/// <summary>What the server shows, and whom it trusts.</summary>
/// <param name="Server">The server's certificate with its private key.</param>
/// <param name="Intermediates">What the server sends along with it.</param>
/// <param name="Trust">The certificate authorities of each trust domain; nobody else is believed, whatever the machine trusts.</param>
/// <param name="Id">The server's own SPIFFE ID: its trust domain is the one that is always there.</param>
internal sealed record TlsCredentials(X509Certificate2 Server, X509Certificate2Collection Intermediates, TrustBundles Trust, SpiffeId Id)
{
    /// <summary>The certificate and what is sent along with it, made ready once for all handshakes.</summary>
    public SslStreamCertificateContext Shown { get; } = SslStreamCertificateContext.Create(Server, Intermediates, offline: true);

    /// <summary>The time in which callers accept the server: that of its certificate, or of one that is sent along where it ends before.</summary>
    public Term Term => new("the server's certificate", Server.NotBefore, Intermediates.Append(Server).Min(certificate => new DateTimeOffset(certificate.NotAfter)));

    /// <summary>Reads <c>server.pem</c>, <c>server-key.pem</c>, <c>ca.pem</c> and the bundles of other trust domains.</summary>
    /// <exception cref="StartupException">One is missing, cannot be read, or is not what it should be.</exception>
    public static TlsCredentials Load(DataFolder data, CallerOptions options)
    {
        string certificate = data.Certificate("server"), key = data.Key("server"), authority = data.Certificate("ca");
        if (new[] { certificate, key, authority }.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw new StartupException($"{missing} is missing; put it there, or start with an empty data folder to have development credentials made");
        try
        {
            var chain = new X509Certificate2Collection();
            string shown = OrdinaryFile.ReadText(certificate, TrustFiles.Largest);
            chain.ImportFromPem(shown);
            X509Certificate2 server = WithUsableKey(X509Certificate2.CreateFromPem(shown, OrdinaryFile.ReadText(key, TrustFiles.Largest)));
            if (!X509Svid.TryRead(server, out SpiffeId? id, out string? fault))
                throw new StartupException($"{certificate} is not an X509-SVID: {fault}");
            Dictionary<string, X509Certificate2Collection> trust = new(StringComparer.Ordinal) { [id.TrustDomain] = TrustFiles.Load(authority) };
            foreach ((string domain, string file) in TrustFiles.Find(data, options))
            {
                if (!trust.TryAdd(domain, TrustFiles.Load(file)))
                {
                    string own = domain == id.TrustDomain ? $", and the server's own is {authority}" : "";
                    throw new StartupException($"the trust domain {domain} has two bundles, {file} and another; it has one{own}");
                }
            }
            return new TlsCredentials(server, [.. chain.Skip(1)], new TrustBundles(trust), id);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the certificates in {data.Pki} cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>The TLS of Windows cannot use a key that is in memory only.</summary>
    private static X509Certificate2 WithUsableKey(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
            return certificate;
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
