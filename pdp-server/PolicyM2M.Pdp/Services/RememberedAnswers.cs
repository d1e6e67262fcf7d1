using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// `Decide` where the answer is in memory: it is found by the bytes of the request as they lie in the connection's buffer, and given as it went out before, without the layers of gRPC that would read the one and
/// write the other, and cost more than both. It leaves the same record and the same counts. Whatever is not as it mostly is (nothing remembered, a caller that may not, a log that cannot be written) is left
/// untouched for <see cref="DecideEndpoint"/>, which says what there is to say.
/// </summary>
internal sealed class RememberedAnswers(
    AnswerMemory memory, DecisionEndpoint decisions, RevisionState revisions, RegistryState registry, AuditTrail audit, PdpMetrics metrics, TimeProvider clock)
{
    private const string Rpc = "/policym2m.v1.DecisionService/Decide", ContentType = "application/grpc", Timeout = "grpc-timeout";

    /// <summary>The answer, as it is written; null where somebody else must answer, for whom the request stays unread.</summary>
    /// <param name="http">The call.</param>
    /// <param name="connection">Its connection.</param>
    public Task? TryAnswer(HttpContext http, CallerConnection connection)
    {
        HttpRequest request = http.Request;
        if (!request.Path.Equals(Rpc, StringComparison.Ordinal) || request.ContentType != ContentType || !HttpMethods.IsPost(request.Method) || request.Protocol != HttpProtocol.Http2
            // Who waits for a disk may run out of time, and that gRPC tells.
            || (audit.WaitsForDisk && request.Headers.ContainsKey(Timeout)))
        {
            return null;
        }
        long began = clock.GetTimestamp();
        DateTimeOffset now = clock.GetUtcNow();
        if (!audit.MayAnswer || CallAccess.Allowed(connection, Rpc, now) is not { } caller || Read(request.BodyReader, caller, now) is not { } entry)
            return null;
        using Activity? span = PdpTraces.Decide(entry.Answered.Form);
        metrics.Again(entry.Answered.Signed.Length);
        ValueTask kept = decisions.GiveAsync(entry.Answered, http, connection.Load, now, clock.GetElapsedTime(began), isFromMemory: true);
        if (!kept.IsCompletedSuccessfully)
            return OnceKeptAsync(kept, http, entry.Bytes);
        Write(http, entry.Bytes);
        return Task.CompletedTask;
    }

    /// <summary>What is remembered for a request, which is read then; otherwise it stays as it is.</summary>
    private AnswerMemory.Entry? Read(PipeReader body, Caller caller, DateTimeOffset now)
    {
        try
        {
            if (!body.TryRead(out ReadResult read))
                return null;
            AnswerMemory.Entry? found = read.IsCompleted && read.Buffer.IsSingleSegment && TryMessage(read.Buffer.FirstSpan, out ReadOnlySpan<byte> request) ? Find(request, caller, now) : null;
            body.AdvanceTo(found is null ? read.Buffer.Start : read.Buffer.End);
            return found;
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            // The sender has gone, which whoever waits for the rest is told again.
            return null;
        }
    }

    private AnswerMemory.Entry? Find(ReadOnlySpan<byte> request, Caller caller, DateTimeOffset now)
    {
        DeviceRegistry devices = registry.Current;
        AnswerMemory.Entry? found = memory.Find(request, caller, revisions.Current, devices, now);
        // A gateway may have been moved or revoked since, which says nothing of the device.
        return found is not null && DeviceAccess.Allows(caller, found.Answered.Device, devices, out _) ? found : null;
    }

    private static async Task OnceKeptAsync(ValueTask kept, HttpContext http, AnswerBytes answer)
    {
        try
        {
            await kept;
        }
        catch (RpcException fault)
        {
            Admission.Fail(http, fault.StatusCode, fault.Status.Detail);
            return;
        }
        Write(http, answer);
    }

    private static void Write(HttpContext http, AnswerBytes answer)
    {
        http.Response.ContentType = ContentType;
        http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.GrpcStatus = "0";
        http.Response.BodyWriter.Write(answer.Frame.Span);
    }

    /// <summary>The one message that a body holds: a flag that it is not compressed, its length, its bytes (gRPC over HTTP/2, Length-Prefixed-Message).</summary>
    private static bool TryMessage(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> message)
    {
        message = body.Length >= AnswerBytes.PrefixLength ? body[AnswerBytes.PrefixLength..] : [];
        return body.Length >= AnswerBytes.PrefixLength && body[0] == 0 && BinaryPrimitives.ReadUInt32BigEndian(body[1..]) == (uint)message.Length;
    }
}
