using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Identity;

/// <summary>What the server shows, and whom it trusts.</summary>
/// <param name="Server">The server's certificate with its private key.</param>
/// <param name="Intermediates">What the server sends along with it.</param>
/// <param name="Trust">The certificate authorities of the trust domain; nobody else is believed, whatever the machine trusts.</param>
/// <param name="Id">The server's own SPIFFE ID: callers must be of its trust domain.</param>
internal sealed record TlsCredentials(X509Certificate2 Server, X509Certificate2Collection Intermediates, X509Certificate2Collection Trust, SpiffeId Id)
{
    /// <summary>The certificate and what is sent along with it, made ready once for all handshakes.</summary>
    public SslStreamCertificateContext Shown { get; } = SslStreamCertificateContext.Create(Server, Intermediates, offline: true);

    /// <summary>Reads <c>server.pem</c>, <c>server-key.pem</c> and <c>ca.pem</c>.</summary>
    /// <exception cref="StartupException">One is missing, cannot be read, or is not what it should be.</exception>
    public static TlsCredentials Load(DataFolder data)
    {
        string certificate = data.Certificate("server"), key = data.Key("server"), authority = data.Certificate("ca");
        if (new[] { certificate, key, authority }.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw new StartupException($"{missing} is missing; put it there, or start with an empty data folder to have development credentials made");
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            var trust = new X509Certificate2Collection();
            trust.ImportFromPemFile(authority);
            if (trust.Count == 0)
                throw new StartupException($"{authority} holds no certificate");
            X509Certificate2 server = WithUsableKey(X509Certificate2.CreateFromPemFile(certificate, key));
            if (!X509Svid.TryRead(server, out SpiffeId? id, out string? fault))
                throw new StartupException($"{certificate} is not an X509-SVID: {fault}");
            return new TlsCredentials(server, [.. chain.Skip(1)], trust, id);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the certificates in {data.Pki} cannot be read: {fault.Message}", ExitCode.CouldNotRun, fault);
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
