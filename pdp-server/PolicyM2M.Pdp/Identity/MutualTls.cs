using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Where callers come in: HTTP/2 over TLS 1.3, where it is asked for also 1.2, with a client certificate of the trust domain, or not at all.</summary>
internal static class MutualTls
{
    /// <summary>Listens for callers of the trust domain.</summary>
    public static void ListenWithMutualTls(this KestrelServerOptions kestrel, IPEndPoint endPoint, bool allowTls12, CredentialState credentials) =>
        kestrel.Listen(endPoint, listen =>
        {
            RefusedConnections refused = kestrel.ApplicationServices.GetRequiredService<RefusedConnections>();
            SslProtocols allowed = allowTls12 ? SslProtocols.Tls12 | SslProtocols.Tls13 : SslProtocols.Tls13;
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => Watch(connection, next, allowed, refused));
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = hello => ValueTask.FromResult(Options(hello, allowed, credentials.Current, refused)) });
            listen.Use(next => connection => Identify(connection, next, refused));
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

    /// <summary>Whoever does not get in leaves a trace, also where the handshake did not come to a certificate.</summary>
    private static async Task Watch(ConnectionContext connection, ConnectionDelegate next, SslProtocols allowed, RefusedConnections refused)
    {
        var handshake = new Handshake();
        connection.Features.Set(handshake);
        await next(connection);
        if (!handshake.IsSettled)
            refused.Connection(PeerOf(connection), handshake.Failure(allowed));
    }

    private static SslServerAuthenticationOptions Options(
        TlsHandshakeCallbackContext hello, SslProtocols allowed, TlsCredentials credentials, RefusedConnections refused)
    {
        Handshake handshake = hello.Connection.Features.GetRequiredFeature<Handshake>();
        handshake.Offered = hello.ClientHelloInfo.SslProtocols;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = credentials.Shown,
            EnabledSslProtocols = allowed,
            ClientCertificateRequired = true,
            CertificateChainPolicy = TrustOf(credentials),
            RemoteCertificateValidationCallback = (_, certificate, chain, faults) =>
            {
                bool isCaller = IsCaller(certificate as X509Certificate2, chain, faults, credentials, PeerOf(hello.Connection), refused);
                handshake.IsSettled |= !isCaller;
                return isCaller;
            },
        };
    }

    private static bool IsCaller(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors faults, TlsCredentials credentials, IPAddress? peer, RefusedConnections refused)
    {
        if (certificate is null)
        {
            refused.Connection(peer, "it showed no client certificate");
            return false;
        }
        string? refusal = null;
        if (faults != SslPolicyErrors.None)
            refusal = chain?.ChainStatus is [var first, ..] ? Words(first, certificate) : faults.ToString();
        else if (!X509Svid.TryRead(certificate, out SpiffeId? id, out string? fault))
            refusal = fault;
        else if (id.TrustDomain != credentials.Id.TrustDomain)
            refusal = $"it is of the trust domain {id.TrustDomain}, and this is {credentials.Id.TrustDomain}";
        if (refusal is not null)
            refused.Certificate(peer, certificate.Thumbprint, refusal);
        return refusal is null;
    }

    /// <summary>The machine's own words for these differ from system to system, and say little.</summary>
    private static string Words(X509ChainStatus status, X509Certificate2 certificate) => status.Status switch
    {
        X509ChainStatusFlags.NotValidForUsage => "it is not for client authentication (NotValidForUsage: its extended key usage, or its issuer's, names other uses only)",
        X509ChainStatusFlags.NotTimeValid => $"it is not in its time (NotTimeValid: from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u})",
        X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain => $"no authority of this trust domain issued it ({status.Status})",
        _ => $"{status.Status}: {status.StatusInformation.Trim()}",
    };

    /// <summary>Reads the caller once for each connection, not once for each request.</summary>
    private static Task Identify(ConnectionContext connection, ConnectionDelegate next, RefusedConnections refused)
    {
        connection.Features.GetRequiredFeature<Handshake>().IsSettled = true;
        X509Certificate2? certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        if (certificate is null || !X509Svid.TryRead(certificate, out SpiffeId? id, out _))
        {
            connection.Abort(new ConnectionAbortedException("no caller"));
            return Task.CompletedTask;
        }
        // Kestrel would say the same as a failure of the server, with a stack.
        if (connection.Features.Get<ISslStreamFeature>()?.SslStream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
        {
            refused.Connection(PeerOf(connection), $"{id} does not offer HTTP/2, over which gRPC goes (ALPN h2)");
            connection.Abort(new ConnectionAbortedException("no HTTP/2"));
            return Task.CompletedTask;
        }
        connection.Features.Set(Identity.Caller.Of(id, certificate.NotAfter));
        return next(connection);
    }

    private static IPAddress? PeerOf(BaseConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;
}
