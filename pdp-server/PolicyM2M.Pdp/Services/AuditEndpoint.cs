using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Audit;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What auditors ask.</summary>
internal sealed class AuditEndpoint(AuditTrail audit, DataFolder data, CallAccess access, IHostApplicationLifetime lifetime) : AuditService.AuditServiceBase
{
    /// <summary>How many records are sent between two looks whether their reader may still have them.</summary>
    private const int BetweenLooks = 256;

    private readonly AuditLogReader _reader = new(data.Audit);

    public override Task<GetCheckpointResponse> GetCheckpoint(GetCheckpointRequest request, ServerCallContext context)
    {
        AuditCheckpoint checkpoint = Checkpoint();
        return Task.FromResult(new GetCheckpointResponse { Note = checkpoint.Note, Key = audit.Log!.Key.ToString(), Size = (ulong)checkpoint.Size });
    }

    public override async Task ListEntries(ListEntriesRequest request, IServerStreamWriter<ListEntriesResponse> responseStream, ServerCallContext context)
    {
        long size = Checkpoint().Size, from = Number(request.From, size, "from");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using IEnumerator<(long Number, ReadOnlyMemory<byte> Record)> entries = _reader.ReadEntries(from, size, ending.Token).GetEnumerator();
        try
        {
            for (ulong sent = 0; (request.Limit == 0 || sent < request.Limit) && Read(entries.MoveNext); sent++)
            {
                // A log takes hours to read where its reader is slow, who may have lost its role or its certificate since.
                if (sent % BetweenLooks == 0)
                    access.Check(context);
                (long number, ReadOnlyMemory<byte> record) = entries.Current;
                await responseStream.WriteAsync(new ListEntriesResponse { Number = (ulong)number, Record = UnsafeByteOperations.UnsafeWrap(record) }, context, ending.Token);
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the decision point is shutting down"));
        }
    }

    public override Task<GetInclusionProofResponse> GetInclusionProof(GetInclusionProofRequest request, ServerCallContext context)
    {
        long size = SizeOf(request.Size), number = Number(request.Number, size - 1, "number");
        return Task.FromResult(new GetInclusionProofResponse { Size = (ulong)size, Hashes = { Prove(() => _reader.ProveInclusion(number, size)) } });
    }

    public override Task<GetConsistencyProofResponse> GetConsistencyProof(GetConsistencyProofRequest request, ServerCallContext context)
    {
        long size = SizeOf(request.Size), earlier = Number(request.Earlier, size, "earlier");
        return Task.FromResult(new GetConsistencyProofResponse { Size = (ulong)size, Hashes = { Prove(() => _reader.ProveConsistency(earlier, size)) } });
    }

    private AuditCheckpoint Checkpoint()
    {
        if (audit.Log is null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "the decision point keeps no audit log (--audit off)"));
        return Read(_reader.ReadCheckpoint);
    }

    private long SizeOf(ulong asked)
    {
        long size = Checkpoint().Size;
        return asked == 0 ? size : Number(asked, size, "size");
    }

    private static long Number(ulong asked, long most, string what) => asked <= (ulong)Math.Max(0, most) && most >= 0
        ? (long)asked
        : throw new RpcException(new Status(StatusCode.OutOfRange, $"{what}: {asked} is more than the log has (at most {Math.Max(0, most)})"));

    private static IEnumerable<ByteString> Prove(Func<IReadOnlyList<byte[]>> prove) => Read(prove).Select(hash => ByteString.CopyFrom(hash));

    /// <summary>What is wrong with the log is for its owner to see, and `m2m audit verify` says it.</summary>
    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is AuditLogException or IOException or UnauthorizedAccessException)
        {
            throw new RpcException(new Status(StatusCode.Internal, "the audit log cannot be read: a part of it is missing or damaged", fault));
        }
    }
}
