using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using DecisionKind = PolicyM2M.Engine.Vocabulary.DecisionKind;

namespace PolicyM2M.Pdp.Services;

/// <summary>What devices and gateways ask.</summary>
internal sealed class DecisionEndpoint(
    RevisionState revisions, RegistryState registry, CallAccess access, Denials denials, TimeProvider clock, IHostApplicationLifetime lifetime)
    : DecisionService.DecisionServiceBase
{
    public override Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context)
    {
        RequestLimits.Check(request);
        // Each is taken once, so that the whole answer is of one revision and one registry.
        ActiveRevision revision = revisions.Current.Active;
        DeviceRegistry devices = registry.Current;
        string device = Subject(request.DeviceId, devices, context);

        MergedContext merged = MergedContext.Of(device, Claims(request), devices.AttributesOf(device), revision.Bundle);
        PreparedContext prepared = revision.Decider.Prepare(merged.Context);
        return Task.FromResult(Answer(request, revision, merged, prepared));
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        Subject(request.DeviceId, registry.Current, context);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        ActiveRevision revision = revisions.Current.Active;
        try
        {
            while (true)
            {
                // A reader that does not keep up holds this write, and with it this one loop: nothing queues up. One that takes nothing loses its connection (Admission.Keep).
                await responseStream.WriteAsync(new WatchResponse { Revision = WireMapping.ToWire(revision.Id), NeededAttributes = { revision.NeededClaims } }, ending.Token);
                revision = await revisions.WaitForOther(revision, ending.Token);
                // It may have lost its role, its site or its certificate since.
                access.Check(context);
                Subject(request.DeviceId, registry.Current, context);
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the decision point is shutting down"));
        }
        catch (OperationCanceledException)
        {
            // The caller hung up, which is how a watch ends.
        }
    }

    /// <summary>The device in question, for which the caller may speak.</summary>
    private string Subject(string requested, DeviceRegistry devices, ServerCallContext context)
    {
        Caller caller = context.GetHttpContext().Caller();
        string device = requested.Length == 0 ? caller.Name : requested;
        if (DeviceAccess.Allows(caller, device, devices, out string? reason))
            return device;
        throw denials.Deny(context.Method, caller, new Status(StatusCode.PermissionDenied, $"{caller.Id} may not speak for {device}"), $"it asked about {device}: {reason}");
    }

    private DecideResponse Answer(DecideRequest request, ActiveRevision revision, MergedContext merged, PreparedContext prepared)
    {
        DateTimeOffset now = clock.GetUtcNow();
        IEnumerable<DecisionKind> kinds = request.Kinds.Count == 0 ? DecisionKinds.All : request.Kinds.Select(WireMapping.FromWire);
        var response = new DecideResponse { NeededAttributes = { revision.NeededClaims } };
        response.Decisions.AddRange(kinds.Select(kind => WireMapping.ToWire(revision.Decider.Decide(kind, prepared, now), revision.Id, now)));
        response.Ignored.AddRange(merged.Dropped
            .Select(claim => new IgnoredAttribute { Name = claim.Name, Reason = IgnoredReason.Provenance, Detail = claim.Reason })
            // What the registry says and the schema cannot use is not the device's fault.
            .Concat(prepared.Unusable.Where(value => request.Attributes.ContainsKey(value.Name)).Select(Ignored))
            .OrderBy(ignored => ignored.Name, StringComparer.Ordinal));
        return response;
    }

    private static DeviceContext Claims(DecideRequest request) =>
        DeviceContext.Of(request.Attributes.Select(claim => KeyValuePair.Create(claim.Key, WireMapping.FromWire(claim.Value))));

    private static IgnoredAttribute Ignored(UnusableValue value) => new()
    {
        Name = value.Name,
        Reason = value.IsUnknown ? IgnoredReason.Unknown : IgnoredReason.Malformed,
        Detail = value.Expected,
    };
}
