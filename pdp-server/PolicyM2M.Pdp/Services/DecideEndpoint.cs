using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>`Decide`, by the bytes of the request: an answer from memory where there is one, else from <see cref="DecisionEndpoint"/>. Both leave the same record and the same counts.</summary>
[BindServiceMethod(typeof(DecideBinding), nameof(DecideBinding.BindDecide))]
internal sealed class DecideEndpoint(
    DecisionEndpoint decisions, AnswerMemory memory, GivenDecisions given, SignedStatements statements, RevisionState revisions, RegistryState registry,
    DroppedClaims droppedClaims, AuditTrail audit, PdpMetrics metrics, TimeProvider clock)
    : DecideBinding.DecideBase
{
    public override Task<AnswerBytes> Decide(byte[] request, ServerCallContext context)
    {
        long began = clock.GetTimestamp();
        HttpContext http = context.GetHttpContext();
        Caller caller = http.Caller();
        DateTimeOffset now = clock.GetUtcNow();
        DeviceRegistry devices = registry.Current;
        if (memory.Find(request, caller, revisions.Current, devices, now) is not { Answered: var known } entry)
            return DecideAnewAsync(request, context);
        using Activity? span = PdpTraces.Decide(known.Form);
        audit.Demand();
        // A gateway may have been moved or revoked since, which says nothing of the device.
        decisions.Subject(known.Device, devices, context);
        if (!known.Dropped.IsEmpty)
            droppedClaims.Add(known.Dropped);
        if (known.Form == DecisionForm.Signed)
            statements.HandOut(isFromMemory: true);
        given.Note(http.Features.GetRequiredFeature<CallerLoad>(), known);
        metrics.Decided(known.Decisions, known.IsCanary, known.Form == DecisionForm.Signed, clock.GetElapsedTime(began));
        metrics.Again(known.Signed.Length);
        ValueTask kept = audit.DecidedAsync(known.Words, now, context.CancellationToken);
        return kept.IsCompletedSuccessfully ? entry.Sent : Once(kept, entry.Bytes);
    }

    private async Task<AnswerBytes> DecideAnewAsync(byte[] request, ServerCallContext context)
    {
        Answered answered = await decisions.AnswerAsync(Read(request), context);
        var bytes = AnswerBytes.Of(answered.Response);
        memory.Keep(request, answered, bytes);
        metrics.Made();
        return bytes;
    }

    private static DecideRequest Read(byte[] request)
    {
        try
        {
            return DecideRequest.Parser.ParseFrom(request);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"the message is no DecideRequest: {fault.Message}"));
        }
    }

    private static async Task<AnswerBytes> Once(ValueTask kept, AnswerBytes bytes)
    {
        await kept;
        return bytes;
    }
}
