using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local.Protocol;
using PolicyM2M.Agent.Status;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>
/// The server behind the daemon's socket: gRPC for who asks, and a page with the status. No TLS: nothing leaves the machine, and the kernel says who is there. It is Kestrel alone, without the host,
/// the routes and the services that an application on ASP.NET has around it.
/// </summary>
internal sealed class LocalServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    public const string StatusPath = "/status";

    /// <summary>How long calls under way have to end.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    private readonly KestrelServer _kestrel;
    private readonly MethodTable _methods = new();
    private readonly Gateway _gateway;
    private readonly CallerRules _rules;
    private readonly Sightings _seen;
    private readonly PeerAdmission _admission;

    private LocalServer(LocalSocket socket, Gateway gateway, CallerRules rules, Sightings seen, ConnectionLimits limits, CancellationToken ending)
    {
        (_gateway, _rules, _seen) = (gateway, rules, seen);
        DecisionService.BindService(_methods, new LocalEndpoint(gateway, rules, seen, ending));
        _admission = new PeerAdmission(rules, limits, seen.ConnectionsRefused);
        var gate = new ConnectionGate(_admission, limits);
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = new NoServices() };
        // A stream of questions or of news has no end, and may be silent for days; each message is bounded.
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.ListenUnixSocket(socket.Path, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => gate.ServeAsync(connection, next));
        });
        _kestrel = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
    }

    /// <summary>Listens.</summary>
    /// <param name="socket">Where.</param>
    /// <param name="gateway">Where answers come from.</param>
    /// <param name="rules">Who may ask about what.</param>
    /// <param name="seen">How the daemon fares.</param>
    /// <param name="limits">How many connections it takes.</param>
    /// <param name="ending">The daemon ends: then nobody waits for news any more.</param>
    /// <exception cref="IOException">Somebody else listens there.</exception>
    /// <exception cref="CannotRunException">It cannot listen there.</exception>
    /// <exception cref="OperationCanceledException">The daemon ends already.</exception>
    public static async Task<LocalServer> StartAsync(LocalSocket socket, Gateway gateway, CallerRules rules, Sightings seen, ConnectionLimits limits, CancellationToken ending)
    {
        var server = new LocalServer(socket, gateway, rules, seen, limits, ending);
        try
        {
            await server._kestrel.StartAsync(server, ending);
        }
        catch (OperationCanceledException)
        {
            server._kestrel.Dispose();
            throw;
        }
        catch (SocketException failure)
        {
            throw new CannotRunException($"nobody can listen on {socket.Path}: {failure.Message}");
        }
        File.SetUnixFileMode(socket.Path, socket.Mode);
        return server;
    }

    /// <summary>How the socket is used now.</summary>
    public SocketUse Use => _admission.Use;

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public Task ProcessRequestAsync(HttpContext context)
    {
        context.Features.GetRequiredFeature<Silence>().Break();
        return context.Request.Path == StatusPath ? StatusAsync(context) : GrpcAnswer.AnswerAsync(context, _methods, failure => _seen.CallFailed(context.Request.Path, failure));
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // It holds nothing of its own.
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var bound = new CancellationTokenSource(Drain);
        await _kestrel.StopAsync(bound.Token);
        _kestrel.Dispose();
    }

    private async Task StatusAsync(HttpContext context)
    {
        if (!_rules.MaySeeStatus(context.Features.GetRequiredFeature<Peer>()))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(StatusJson.Write(_seen.Current, await _gateway.StatusAsync(), Use, await _gateway.ClaimsAsync(), _seen.Now), context.RequestAborted);
    }

    /// <summary>Kestrel asks for services that it can do without.</summary>
    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
