using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Webhook;

/// <summary>
/// Listens for Git hosts that tell of a push, at an address of its own: whoever calls there has no certificate, and reaches nothing but this. All that a call can do
/// is to end the follower's pause; what is fetched, and whether it is served, it has no say in.
/// </summary>
internal sealed class WebhookListener : IHostedService, IAsyncDisposable
{
    public const string Path = "/webhook";

    /// <summary>More pushes than that are one fetch anyway.</summary>
    internal const int PerMinute = 60;

    /// <summary>GitHub sends no more; the body is read past and not kept.</summary>
    private const long MaximumBodyBytes = 25 << 20;

    private const int MaximumConnections = 32;

    /// <summary>Who holds connections and says nothing keeps the Git host out for no longer.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    /// <summary>Nor does one whose body does not come to its end: Git hosts themselves give up after ten seconds.</summary>
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(10);

    private readonly IPEndPoint _endPoint;
    private readonly string _secretFile;
    private readonly RevisionNews _news;
    private readonly RefusedConnections _refused;
    private readonly ILogger _log;
    private readonly RequestBudget _budget;
    private readonly WebApplication _server;

    private WebhookListener(IPEndPoint endPoint, string secretFile, IServiceProvider services)
    {
        _endPoint = endPoint;
        _secretFile = secretFile;
        _news = services.GetRequiredService<RevisionNews>();
        _refused = services.GetRequiredService<RefusedConnections>();
        _log = services.GetRequiredService<ILogger<WebhookListener>>();
        _budget = new RequestBudget(PerMinute, services.GetRequiredService<TimeProvider>());
        _server = Build();
    }

    /// <summary>Where it listens, once it does.</summary>
    public string Address => _server.Urls.Single() + Path;

    /// <summary>What makes the listener that the options ask for; null where they ask for none.</summary>
    /// <exception cref="StartupException">The options do not go together, or the secret cannot be used.</exception>
    public static Func<IServiceProvider, WebhookListener>? Of(PdpOptions options)
    {
        if ((options.Webhook is null) != (options.WebhookSecret is null))
            throw new StartupException("--webhook and --webhook-secret: each needs the other; who calls must prove that it is the Git host");
        if (options is not { Webhook: { } endPoint, WebhookSecret: { } file })
            return null;
        WebhookSecret.Read(file);
        Listening.Try(endPoint);
        return services => new WebhookListener(endPoint, file, services);
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

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaximumBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;
            kestrel.Limits.RequestHeadersTimeout = LongestSilence;
            kestrel.Limits.KeepAliveTimeout = LongestSilence;
            kestrel.Listen(_endPoint, listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication server = builder.Build();
        server.Run(async context => context.Response.StatusCode = await AnswerAsync(context));
        return server;
    }

    private async Task<int> AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Path != Path)
            return StatusCodes.Status404NotFound;
        if (!HttpMethods.IsPost(request.Method))
            return StatusCodes.Status405MethodNotAllowed;
        IPAddress? peer = context.Connection.RemoteIpAddress;
        if (!WebhookSecret.IsShown(request.Headers))
        {
            _refused.Connection(peer, new RefusalWords($"a webhook with neither {WebhookSecret.SignatureHeader} nor {WebhookSecret.TokenHeader}"));
            return StatusCodes.Status401Unauthorized;
        }
        using var late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        late.CancelAfter(LongestRequest);
        try
        {
            if (!await WebhookSecret.Read(_secretFile).ProvesAsync(request.Headers, request.Body, late.Token))
            {
                _refused.Connection(peer, new RefusalWords("a webhook by somebody who does not know the secret"));
                return StatusCodes.Status401Unauthorized;
            }
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException fault)
        {
            // The body is too large, or comes too slowly.
            return fault.StatusCode;
        }
        catch (StartupException fault)
        {
            _log.WebhookSecretUnreadable(fault.Message);
            return StatusCodes.Status503ServiceUnavailable;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The rest of it is not waited for either.
            context.Response.Headers.Connection = "close";
            return StatusCodes.Status408RequestTimeout;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The caller went away; nobody reads this.
            return StatusCodes.Status400BadRequest;
        }
        // After the proof: whoever does not know the secret must not use up what the Git host may ask.
        if (!_budget.TryTake())
            return StatusCodes.Status429TooManyRequests;
        _log.WebhookReceived();
        _news.Tell();
        return StatusCodes.Status202Accepted;
    }
}
