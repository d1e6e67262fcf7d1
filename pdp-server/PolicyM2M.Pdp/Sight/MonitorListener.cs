using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Sight;

/// <summary>
/// Tells health and metrics over plain HTTP at an address of its own, where probes and Prometheus look that have no certificate. Nothing can be changed there, and nothing is
/// told of single devices, of attributes' values, or of what faults say.
/// </summary>
internal sealed class MonitorListener : IHostedService, IAsyncDisposable
{
    private const int MaximumConnections = 64;

    /// <summary>Who holds connections and asks nothing keeps probes out for no longer: a probe that does not get in ends a healthy server.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private readonly IPEndPoint _endPoint;
    private readonly Readiness _readiness;
    private readonly PrometheusReader _metrics;
    private readonly WebApplication _server;

    private MonitorListener(IPEndPoint endPoint, IServiceProvider services)
    {
        _endPoint = endPoint;
        _readiness = services.GetRequiredService<Readiness>();
        _metrics = new PrometheusReader(services.GetRequiredService<PdpMetrics>());
        _server = Build();
    }

    /// <summary>Where it listens, once it does.</summary>
    public string Address => _server.Urls.Single();

    /// <summary>What makes the listener that the options ask for; null where they ask for none.</summary>
    /// <exception cref="StartupException">The address cannot be had.</exception>
    public static Func<IServiceProvider, MonitorListener>? Of(PdpOptions options)
    {
        if (options.Sight.Monitor is not { } endPoint)
            return null;
        Listening.Try(endPoint);
        return services => new MonitorListener(endPoint, services);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            throw Listening.Refused(_endPoint, fault.Message, fault);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _metrics.Dispose();
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;
            kestrel.Limits.RequestHeadersTimeout = LongestSilence;
            kestrel.Limits.KeepAliveTimeout = LongestSilence;
            kestrel.Listen(_endPoint, listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication server = builder.Build();
        server.Run(Answer);
        return server;
    }

    private Task Answer(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return Write(context, StatusCodes.Status405MethodNotAllowed, "only GET\n");
        return context.Request.Path.Value switch
        {
            // That it answers at all is what there is to know: a process that does not is started anew.
            "/healthz" => Write(context, StatusCodes.Status200OK, "ok\n"),
            "/readyz" => _readiness.WhyNot() is [_, ..] reasons
                ? Write(context, StatusCodes.Status503ServiceUnavailable, string.Concat(reasons.Select(reason => $"not ready: {reason}\n")) + Warnings())
                : Write(context, StatusCodes.Status200OK, "ready\n" + Warnings()),
            "/metrics" => Write(context, StatusCodes.Status200OK, _metrics.Read(), PrometheusText.ContentType),
            _ => Write(context, StatusCodes.Status404NotFound, "there is /healthz, /readyz and /metrics\n"),
        };
    }

    private string Warnings() => string.Concat(_readiness.Warnings().Select(warning => $"warning: {warning}\n"));

    private static Task Write(HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text, context.RequestAborted);
    }
}
