using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;

namespace PolicyM2M.Agent.Local;

/// <summary>The server behind the daemon's socket: gRPC for who asks, and a page with the status. No TLS: nothing leaves the machine, and the kernel says who is there.</summary>
internal static class LocalServer
{
    public const string StatusPath = "/status";

    /// <summary>Programs of one machine; each holds one connection.</summary>
    private const int MostConnections = 256;

    /// <summary>Builds it; it listens once it is started.</summary>
    public static WebApplication Build(LocalSocket socket, LocalEndpoint endpoint, Gateway gateway, CallerRules rules, Sightings seen)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel((_, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.ListenUnixSocket(socket.Path, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                // Asked once for each connection: who made it stays who made it.
                listen.Use(next => connection =>
                {
                    connection.Features.Set(Peer.Of(connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket));
                    return next(connection);
                });
            });
        });
        builder.Services.AddRouting().AddSingleton(endpoint);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = LocalLimits.MaximumMessageBytes);

        WebApplication local = builder.Build();
        local.MapGrpcService<LocalEndpoint>();
        local.MapGet(StatusPath, (RequestDelegate)(context => StatusAsync(context, gateway, rules, seen)));
        return local;
    }

    private static async Task StatusAsync(HttpContext context, Gateway gateway, CallerRules rules, Sightings seen)
    {
        if (!rules.MaySeeStatus(context.Features.GetRequiredFeature<Peer>()))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(StatusJson.Write(seen.Current, await gateway.StatusAsync()), context.RequestAborted);
    }
}
