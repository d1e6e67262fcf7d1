using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PolicyM2M.Agent.Local.Protocol;

/// <summary>One call of a local program.</summary>
/// <param name="http">The request that carries it.</param>
/// <param name="ending">Ends with the caller, or with the deadline that it set.</param>
internal sealed class LocalCall(HttpContext http, CancellationToken ending) : ServerCallContext
{
    /// <summary>Who calls.</summary>
    public Peer Caller { get; } = http.Features.GetRequiredFeature<Peer>();

    protected override string MethodCore => http.Request.Path;

    protected override string HostCore => http.Request.Host.Value ?? "";

    protected override string PeerCore => $"unix:{Caller.Process}";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => Metadata.Empty;

    protected override CancellationToken CancellationTokenCore => ending;

    protected override Metadata ResponseTrailersCore => Metadata.Empty;

    protected override Grpc.Core.Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore { get; } = new(null, []);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException("a call of this server makes no others");

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => throw new NotSupportedException("this server has no headers of its own");
}
