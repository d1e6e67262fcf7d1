using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using PolicyM2M.Pdp.Limits;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Where callers come in: HTTP/2 over TLS 1.3, where it is asked for also 1.2, with a client certificate of a trust domain, or not at all.</summary>
internal static class MutualTls
{
    /// <summary>Listens for callers of the trust domains.</summary>
    public static void ListenWithMutualTls(this KestrelServerOptions kestrel, IPEndPoint endPoint, bool allowTls12) =>
        kestrel.Listen(endPoint, listen =>
        {
            IServiceProvider services = kestrel.ApplicationServices;
            var doorkeeper = new Doorkeeper(
                services.GetRequiredService<CredentialState>(), services.GetRequiredService<CallerRulesState>(), services.GetRequiredService<RefusedConnections>(),
                services.GetRequiredService<TimeProvider>());
            CallerLoads loads = services.GetRequiredService<CallerLoads>();
            CallLimits limits = services.GetRequiredService<CallLimits>();
            Overloads overloads = services.GetRequiredService<Overloads>();
            ConnectionPlaces places = services.GetRequiredService<ConnectionPlaces>();
            SslProtocols allowed = allowTls12 ? SslProtocols.Tls12 | SslProtocols.Tls13 : SslProtocols.Tls13;
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => Place(connection, next, places, overloads));
            TimeProvider clock = services.GetRequiredService<TimeProvider>();
            listen.Use(next => connection => Watch(connection, next, allowTls12 ? "TLS 1.2 or 1.3" : "TLS 1.3", doorkeeper, limits, clock));
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = hello => ValueTask.FromResult(Options(hello, allowed, doorkeeper)),
                HandshakeTimeout = limits.HandshakeGrace,
            });
            listen.Use(next => connection => Identify(connection, next, doorkeeper, loads, limits, overloads));
        });

    /// <summary>The connection of a request. The handshake has seen to it that somebody is at its other end.</summary>
    public static CallerConnection CallerConnection(this HttpContext http) => http.Features.GetRequiredFeature<CallerConnection>();

    /// <summary>The caller of a request that was let through.</summary>
    public static Caller Caller(this HttpContext http) => http.CallerConnection() is var connection && connection.Standing().Caller is { } caller ? caller : connection.First;

    /// <summary>Whoever finds no place is turned away before a handshake costs anything.</summary>
    private static async Task Place(ConnectionContext connection, ConnectionDelegate next, ConnectionPlaces places, Overloads overloads)
    {
        IPAddress peer = PeerOf(connection) ?? IPAddress.None;
        if (places.Enter(peer) is { } reason)
        {
            overloads.Turned(peer, reason);
            connection.Abort(new ConnectionAbortedException(reason));
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            places.Leave(peer);
        }
    }

    /// <summary>Whoever does not get in leaves a trace, also where the handshake did not come to a certificate.</summary>
    private static async Task Watch(ConnectionContext connection, ConnectionDelegate next, string versions, Doorkeeper doorkeeper, CallLimits limits, TimeProvider clock)
    {
        var handshake = new Handshake();
        connection.Features.Set(handshake);
        if (await FirstBytes.FaultAsync(connection.Transport.Input, limits.HandshakeGrace, clock) is { } fault)
        {
            doorkeeper.Refused.Connection(PeerOf(connection), new RefusalWords(fault));
            return;
        }
        await next(connection);
        if (!handshake.IsSettled)
            doorkeeper.Refused.Connection(PeerOf(connection), new RefusalWords(handshake.Failure(versions)));
    }

    private static SslServerAuthenticationOptions Options(TlsHandshakeCallbackContext hello, SslProtocols allowed, Doorkeeper doorkeeper)
    {
        Handshake handshake = hello.Connection.Features.GetRequiredFeature<Handshake>();
        handshake.HasBegun = true;
        TlsCredentials credentials = doorkeeper.Credentials;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = credentials.Shown,
            EnabledSslProtocols = allowed,
            ClientCertificateRequired = true,
            CertificateChainPolicy = TrustBundles.PolicyOf(credentials.Trust.Authorities),
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                handshake.Client = doorkeeper.Judge(certificate as X509Certificate2, chain, credentials.Trust, PeerOf(hello.Connection));
                handshake.IsSettled |= handshake.Client is null;
                return handshake.Client is not null;
            },
        };
    }

    /// <summary>Reads the caller once for each connection, not once for each request.</summary>
    private static async Task Identify(ConnectionContext connection, ConnectionDelegate next, Doorkeeper doorkeeper, CallerLoads loads, CallLimits limits, Overloads overloads)
    {
        Handshake handshake = connection.Features.GetRequiredFeature<Handshake>();
        handshake.IsSettled = true;
        if (handshake.Client is not { } certificate || doorkeeper.CallerOf(certificate) is not { } caller)
        {
            connection.Abort(new ConnectionAbortedException("no caller"));
            return;
        }
        // Kestrel would say the same as a failure of the server, with a stack.
        if (connection.Features.Get<ISslStreamFeature>()?.SslStream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
        {
            const string NoHttp2 = "does not offer HTTP/2, over which gRPC goes (ALPN h2)";
            doorkeeper.Refused.Connection(PeerOf(connection), new RefusalWords($"{caller.Id} {NoHttp2}", $"it {NoHttp2}"));
            connection.Abort(new ConnectionAbortedException("no HTTP/2"));
            return;
        }
        if (loads.Enter($"{caller.Id}") is not { } load)
        {
            overloads.Turned(caller, $"{CallLimits.ConnectionsPerCaller} connections are open");
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }
        try
        {
            connection.Features.Set(doorkeeper.Connection(certificate, caller, load));
            await next(new ReaderWatch(connection, () => overloads.Turned(caller, $"it did not take within {limits.ReaderGrace.TotalSeconds} seconds what was written to it")));
        }
        finally
        {
            loads.Leave(load);
        }
    }

    private static IPAddress? PeerOf(BaseConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;
}
