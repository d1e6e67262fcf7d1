using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>The bundle that answers the caller, for who decides without asking.</summary>
internal sealed partial class DecisionEndpoint
{
    /// <summary>Far below the four mebibytes that clients take by default, and large enough that a bundle is few messages.</summary>
    private const int BundlePartBytes = 256 << 10;

    public override async Task GetBundle(GetBundleRequest request, IServerStreamWriter<GetBundleResponse> responseStream, ServerCallContext context)
    {
        audit.Demand();
        Caller caller = context.GetHttpContext().Caller();
        string device = Subject("", registry.Current, context);
        RevisionStatus status = revisions.Current;
        ActiveRevision revision = status.For(device);
        AnsweringRevision answering = status.Answering(revision);
        ReadOnlyMemory<byte> bytes = revision.BundleBytes;
        bool isSame = request.BundleHash == revision.Id.BundleHash;
        if (isSame && request.Offset > (ulong)bytes.Length)
            throw new RpcException(new Status(StatusCode.OutOfRange, $"the bundle has {bytes.Length} bytes, and the caller says that it has {request.Offset} of them"));
        int offset = isSame ? (int)request.Offset : 0;
        Pay(context, caller, bytes.Length - offset);
        // Also where nothing but a new statement goes out: it makes the caller's bundle good for longer.
        var handedOut = new AuditBundle { Revision = answering.ToWire(), Offset = (ulong)offset };
        await audit.DoneAsync(caller, device, record => record.Bundle = handedOut, context.CancellationToken);
        await responseStream.WriteAsync(new GetBundleResponse
        {
            Description = new BundleDescription
            {
                Revision = answering.ToWire(),
                Length = (ulong)bytes.Length,
                Offset = (ulong)offset,
                Statement = signedBundles.Of(revision, answering, clock.GetUtcNow()),
            },
        }, context.CancellationToken);
        for (; offset < bytes.Length; offset += BundlePartBytes)
        {
            ReadOnlyMemory<byte> part = bytes.Slice(offset, Math.Min(BundlePartBytes, bytes.Length - offset));
            // The bytes belong to the revision and never change.
            await responseStream.WriteAsync(new GetBundleResponse { Data = UnsafeByteOperations.UnsafeWrap(part) }, context.CancellationToken);
        }
    }

    /// <summary>A bundle is as large as thousands of answers: what it takes of the line counts against the rate as they would.</summary>
    private void Pay(ServerCallContext context, Caller caller, int bytes)
    {
        CallerLoad load = context.GetHttpContext().CallerConnection().Load;
        int calls = load.CallsFor(bytes);
        // The opening of the call was one.
        if (load.Charge(calls - 1) is not { } overload)
            return;
        overloads.Turned(caller, overload.Reason);
        throw Admission.Refusal(overload, $"{overload.Reason}: {bytes} bytes of a bundle count as {calls} calls");
    }
}
