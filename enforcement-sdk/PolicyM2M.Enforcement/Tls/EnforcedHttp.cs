using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>HTTP over connections that are what was decided.</summary>
public static class EnforcedHttp
{
    /// <summary>
    /// Makes a handler whose connections are all enforced: requests without TLS are refused, and proxies, which would be connected to in the
    /// server's place, are not used. The handler's <see cref="SocketsHttpHandler.SslOptions"/> are replaced by ones that take no server: it makes no connections by itself, so there is no HTTP/3.
    /// A request over a connection that is refused fails with an <see cref="HttpRequestException"/> around the <see cref="EnforcementException"/>.
    /// </summary>
    /// <param name="handler">The handler; it must not have sent anything yet.</param>
    /// <param name="enforcer">Makes the connections.</param>
    /// <returns>The same handler.</returns>
    public static SocketsHttpHandler UsePolicyM2M(this SocketsHttpHandler handler, TlsEnforcer enforcer)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(enforcer);
        handler.UseProxy = false;
        // What the handler would still shake hands for by itself, as HTTP/3 does, is a connection that nobody decided.
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => false };
        handler.ConnectCallback = async (context, cancellation) => await ConnectAsync(enforcer, context, cancellation).ConfigureAwait(false);
        return handler;
    }

    private static async ValueTask<SslStream> ConnectAsync(TlsEnforcer enforcer, SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        HttpRequestMessage request = context.InitialRequestMessage;
        if (request.RequestUri?.Scheme != Uri.UriSchemeHttps)
            throw enforcer.Refused(new(EnforcementReason.NotTls, $"{request.RequestUri?.Scheme}://{request.RequestUri?.Authority} is reached without TLS"));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        // The handler takes a TLS stream as it is, and does no handshake of its own over it. Its pool is for one version of HTTP.
        ImmutableArray<SslApplicationProtocol> protocols = request.Version.Major >= HttpVersion.Version20.Major || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher
            ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http11];
        var transport = new NetworkStream(socket, ownsSocket: true);
        EnforcedConnection connection = await enforcer.ConnectAsync(transport, context.DnsEndPoint.Host, protocols, cancellation).ConfigureAwait(false);
        return connection.Stream;
    }
}
