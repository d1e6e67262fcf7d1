using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>The channel to the decision point: mutual TLS, and no authority trusted but those named.</summary>
internal static class MutualTls
{
    /// <summary>After an attempt to connect that failed the channel makes no other before this, give or take a fifth.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The device's certificate with its key.</summary>
    /// <exception cref="CryptographicException">A file is no PEM, or the key is another certificate's; the message names the file.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static X509Certificate2 Certificate(PolicyClientOptions options)
    {
        using X509Certificate2 alone = Read(options.CertificatePath, "certificate", path => X509Certificate2.CreateFromPem(BoundedFile.ReadText(path, BoundedFile.LargestPem)));
        try
        {
            return Read(options.KeyPath, "unencrypted private key", path => X509Certificate2.CreateFromPem(alone.ExportCertificatePem(), BoundedFile.ReadText(path, BoundedFile.LargestPem)));
        }
        catch (ArgumentException mismatch)
        {
            throw new CryptographicException($"the key in {options.KeyPath} is not that of the certificate in {options.CertificatePath}", mismatch);
        }
    }

    private static T Read<T>(string path, string what, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (CryptographicException malformed)
        {
            throw new CryptographicException($"{path} holds no {what} in PEM", malformed);
        }
    }

    /// <summary>The authorities of a file.</summary>
    /// <exception cref="CryptographicException">It holds no certificate in PEM.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static X509Certificate2Collection Authorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        Read(path, "certificate", file =>
        {
            authorities.ImportFromPem(BoundedFile.ReadText(file, BoundedFile.LargestPem));
            return authorities;
        });
        return authorities.Count > 0 ? authorities : throw new CryptographicException($"{path} holds no certificate");
    }

    /// <summary>The channel to one decision point.</summary>
    /// <exception cref="CryptographicException">The file of the authorities or of the device's certificate holds no certificate in PEM.</exception>
    public static GrpcChannel Channel(PolicyClientOptions options, Uri address, X509Certificate2 certificate)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        trust.CustomTrustStore.AddRange(Authorities(options.TrustPath));

        X509Certificate2Collection chain = CertificateChain.AboveDevice(options.CertificatePath);
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            // The client has pauses of its own. Those of the channel grow to two minutes, in which it says that nobody listens without having looked.
            InitialReconnectBackoff = FirstPause,
            MaxReconnectBackoff = TimeSpan.FromSeconds(1),
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = options.CallTimeout,
                // A half-open connection looks alive to TCP for a quarter of an hour.
                KeepAlivePingDelay = TimeSpan.FromSeconds(10),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
                EnableMultipleHttp2Connections = true,
                SslOptions = new SslClientAuthenticationOptions
                {
                    ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
                    CertificateChainPolicy = trust,
                },
            },
        });
    }
}
