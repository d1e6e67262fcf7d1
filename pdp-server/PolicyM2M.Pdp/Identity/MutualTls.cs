using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Where callers come in: HTTP/2 over TLS 1.3, where it is asked for also 1.2, with a client certificate of the trust domain, or not at all.</summary>
internal static class MutualTls
{
    /// <summary>Listens for callers of the trust domain.</summary>
    public static void ListenWithMutualTls(this KestrelServerOptions kestrel, IPEndPoint endPoint, bool allowTls12, TlsCredentials credentials) =>
        kestrel.Listen(endPoint, listen =>
        {
            ILogger log = kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(MutualTls).FullName!);
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = credentials.Server,
                ServerCertificateChain = credentials.Intermediates,
                SslProtocols = allowTls12 ? SslProtocols.Tls12 | SslProtocols.Tls13 : SslProtocols.Tls13,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (certificate, chain, faults) => IsCaller(certificate, chain, faults, credentials, log),
                OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = TrustOf(credentials),
            });
            listen.Use(next => connection => Identify(connection, next));
        });

    /// <summary>The caller of a request. The handshake has seen to it that there is one.</summary>
    public static Caller Caller(this HttpContext http) => http.Features.GetRequiredFeature<Caller>();

    /// <summary>Trust in the authorities of the trust domain and in no other, for certificates that are in their time and made for clients.</summary>
    private static X509ChainPolicy TrustOf(TlsCredentials credentials)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Credentials of this trust domain are short-lived instead of being revoked; a status service comes with the registry.
            RevocationMode = X509RevocationMode.NoCheck,
            // A stranger's certificate must not make the server fetch what it names.
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(credentials.Trust);
        policy.ApplicationPolicy.Add(new Oid(X509Svid.ClientAuthentication));
        return policy;
    }

    private static bool IsCaller(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors faults, TlsCredentials credentials, ILogger log)
    {
        string? refusal = null;
        if (faults != SslPolicyErrors.None)
            refusal = chain?.ChainStatus is [var first, ..] ? $"{first.Status}: {first.StatusInformation.Trim()}" : faults.ToString();
        else if (!X509Svid.TryRead(certificate, out SpiffeId? id, out string? fault))
            refusal = fault;
        else if (id.TrustDomain != credentials.Id.TrustDomain)
            refusal = $"it is of the trust domain {id.TrustDomain}, and this is {credentials.Id.TrustDomain}";
        if (refusal is not null)
            log.ClientCertificateRefused(certificate.Thumbprint, refusal);
        return refusal is null;
    }

    /// <summary>Reads the caller once for each connection, not once for each request.</summary>
    private static Task Identify(ConnectionContext connection, ConnectionDelegate next)
    {
        X509Certificate2? certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        if (certificate is null || !X509Svid.TryRead(certificate, out SpiffeId? id, out _))
        {
            connection.Abort(new ConnectionAbortedException("no caller"));
            return Task.CompletedTask;
        }
        connection.Features.Set(Identity.Caller.Of(id, certificate.NotAfter));
        return next(connection);
    }
}
