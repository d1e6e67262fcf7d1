using Grpc.Core;

namespace PolicyM2M.Pdp.Rest;

/// <summary>A call that did not come over gRPC, as the services see it.</summary>
internal sealed class RestCall : ServerCallContext
{
    /// <summary>Under this name Grpc.AspNetCore looks for the request of a call that is not its own.</summary>
    private const string HttpContextKey = "__HttpContext";

    private readonly HttpContext _http;

    public RestCall(HttpContext http, string rpc)
    {
        _http = http;
        MethodCore = rpc;
        UserState[HttpContextKey] = http;
    }

    protected override string MethodCore { get; }

    protected override string HostCore => _http.Request.Host.Value ?? "";

    protected override string PeerCore => $"{_http.Connection.RemoteIpAddress}:{_http.Connection.RemotePort}";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = [];

    protected override CancellationToken CancellationTokenCore => _http.RequestAborted;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore { get; } = new("", []);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException("a call over HTTP hands nothing on");

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}
