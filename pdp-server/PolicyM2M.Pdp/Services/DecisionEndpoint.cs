using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using Decision = PolicyM2M.Engine.Decision;
using DecisionKind = PolicyM2M.Engine.Vocabulary.DecisionKind;

namespace PolicyM2M.Pdp.Services;

/// <summary>What devices and gateways ask.</summary>
internal sealed class DecisionEndpoint(RevisionState revisions, RegistryState registry, Trial trial, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<DecisionEndpoint> log)
    : DecisionService.DecisionServiceBase
{
    public override Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context)
    {
        RequestLimits.Check(request);
        // Each is taken once, so that the whole answer is of one revision and one registry.
        RevisionStatus status = revisions.Current;
        DeviceRegistry devices = registry.Current;
        string device = Subject(request.DeviceId, devices, context);
        ActiveRevision revision = status.For(device);
        DeviceContext claims = Claims(request), registered = devices.AttributesOf(device);

        MergedContext merged = MergedContext.Of(device, claims, registered, revision.Bundle);
        PreparedContext prepared = revision.Decider.Prepare(merged.Context);
        DateTimeOffset now = clock.GetUtcNow();
        IEnumerable<DecisionKind> kinds = request.Kinds.Count == 0 ? DecisionKinds.All : request.Kinds.Select(WireMapping.FromWire);
        Decision[] decisions = [.. kinds.Select(kind => revision.Decider.Decide(kind, prepared, now))];
        trial.Compare(status, device, claims, registered, revision, decisions, now);
        return Task.FromResult(Answer(request, status, revision, merged, prepared, decisions, now));
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        string device = Subject(request.DeviceId, registry.Current, context);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        RevisionStatus status = revisions.Current;
        try
        {
            while (true)
            {
                // A reader that does not keep up holds this write, and with it this one loop, until it does: nothing queues up.
                await responseStream.WriteAsync(new WatchResponse { Revision = WireMapping.ToWire(status.For(device).Id), NeededAttributes = { status.NeededClaims } }, ending.Token);
                status = await revisions.WaitForOther(status, device, ending.Token);
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
        log.Denied(context.Method, caller.Id, $"it asked about {device}: {reason}");
        // Why is for the log: a caller must not learn which devices there are, or where.
        throw new RpcException(new Status(StatusCode.PermissionDenied, $"{caller.Id} may not speak for {device}"));
    }

    private static DecideResponse Answer(
        DecideRequest request, RevisionStatus status, ActiveRevision revision, MergedContext merged, PreparedContext prepared, Decision[] decisions, DateTimeOffset now)
    {
        var response = new DecideResponse { NeededAttributes = { status.NeededClaims } };
        response.Decisions.AddRange(decisions.Select(decision => WireMapping.ToWire(decision, revision.Id, now)));
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
