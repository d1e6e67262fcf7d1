using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>What is told without deciding: news, keys, the bundle, and rotations to the decision point.</summary>
internal sealed partial class LocalEndpoint
{
    /// <summary>As the decision point sends it.</summary>
    private const int BundlePartBytes = 256 << 10;

    private static readonly TimeSpan LongestReport = TimeSpan.FromSeconds(5);

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        string device = Subject(request.DeviceId, context);
        using CancellationTokenSource either = Ending(context);
        try
        {
            (RevisionId? Revision, ulong Device) told = default;
            while (true)
            {
                // Taken before the look: a change after it completes a signal that is already held.
                Task changed = seen.NextChange;
                AgentStatus status = seen.Current;
                (RevisionId? Revision, ulong Device) now = (status.Revision, status.Registry.Of(device));
                if (now.Revision is { } revision && now != told)
                {
                    await responseStream.WriteAsync(
                        new WatchResponse { Revision = WireMapping.ToWire(revision), NeededAttributes = { await gateway.NeededAsync() }, DeviceVersion = now.Device }, either.Token);
                    told = now;
                }
                await changed.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw IsEnding;
        }
        catch (OperationCanceledException)
        {
            // The caller hung up, which is how a watch ends.
        }
    }

    public override async Task<GetSigningKeysResponse> GetSigningKeys(GetSigningKeysRequest request, ServerCallContext context)
    {
        DemandAnyRule(context);
        var response = new GetSigningKeysResponse { Keys = { await gateway.KeysAsync() } };
        return response.Keys.Count > 0 ? response : throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "no decision point has told its keys yet"));
    }

    public override async Task GetBundle(GetBundleRequest request, IServerStreamWriter<GetBundleResponse> responseStream, ServerCallContext context)
    {
        DemandAnyRule(context);
        BundleCopy held = await gateway.BundleAsync() ?? throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "this agent holds no bundle that is valid"));
        bool isSame = request.BundleHash == held.Revision.BundleHash;
        if (isSame && request.Offset > (ulong)held.Bytes.Length)
            throw new RpcException(new Grpc.Core.Status(StatusCode.OutOfRange, $"the bundle has {held.Bytes.Length} bytes, and the caller says that it has {request.Offset} of them"));
        int offset = isSame ? (int)request.Offset : 0;
        await responseStream.WriteAsync(new GetBundleResponse
        {
            Description = new BundleDescription { Revision = WireMapping.ToWire(held.Revision), Length = (ulong)held.Bytes.Length, Offset = (ulong)offset, Statement = held.Statement },
        }, context.CancellationToken);
        for (; offset < held.Bytes.Length; offset += BundlePartBytes)
        {
            // Nobody writes into it: all calls of this moment share it.
            ByteString part = UnsafeByteOperations.UnsafeWrap(held.Bytes.Slice(offset, Math.Min(BundlePartBytes, held.Bytes.Length - offset)));
            await responseStream.WriteAsync(new GetBundleResponse { Data = part }, context.CancellationToken);
        }
    }

    /// <summary>Told on at once, and kept by nobody here: a caller that is not told that it was taken tells it again.</summary>
    public override async Task<ReportRotationResponse> ReportRotation(ReportRotationRequest request, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        _ = Subject(request.DeviceId, context);
        return await gateway.ReportAsync(request, seen.Now + LongestReport, context.CancellationToken);
    }

    private void DemandAnyRule(ServerCallContext context)
    {
        Peer peer = PeerOf(context);
        if (!rules.MayAskAboutAny(peer))
            throw new RpcException(new Grpc.Core.Status(StatusCode.PermissionDenied, $"user {peer.User} may not ask this agent; its configuration says who may (callers)"));
    }
}
