using System.Diagnostics;
using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Registry;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using Decision = PolicyM2M.Engine.Decision;
using DecisionKind = PolicyM2M.Engine.Vocabulary.DecisionKind;
using Region = PolicyM2M.Engine.Regions.Region;

namespace PolicyM2M.Pdp.Services;

/// <summary>What devices and gateways ask.</summary>
internal sealed partial class DecisionEndpoint(
    RevisionState revisions, RegistryState registry, Trial trial, DroppedClaims droppedClaims, SigningKeys keys, SignedDecisions signedDecisions, SignedStatements signedStatements,
    CallAccess access, Denials denials, AuditTrail audit, PdpMetrics metrics, TimeProvider clock, IHostApplicationLifetime lifetime)
    : DecisionService.DecisionServiceBase
{
    /// <summary>Grows to the longest way of its thread's decisions, and is used again.</summary>
    [ThreadStatic]
    private static DecisionPath? _path;

    public override Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context)
    {
        using Activity? span = PdpTraces.Decide(request);
        long began = clock.GetTimestamp();
        RequestLimits.Check(request);
        audit.Demand();
        // Each is taken once, so that the whole answer is of one revision and one registry.
        RevisionStatus status = revisions.Current;
        DeviceRegistry devices = registry.Current;
        string device = Subject(request.DeviceId, devices, context);
        ActiveRevision revision = status.For(device);
        DeviceContext claims = Claims(request), registered = devices.AttributesOf(device);

        MergedContext merged = MergedContext.Of(device, claims, registered, revision.Bundle);
        droppedClaims.Add(merged.Dropped);
        PreparedContext prepared = revision.Decider.Prepare(merged.Context);
        DateTimeOffset now = clock.GetUtcNow();
        (DecideResponse response, (Decision Decision, Region Region)[] decisions) = Answer(request, status, revision, merged, prepared, now);
        trial.Compare(status, device, claims, registered, revision, [.. decisions.Select(made => made.Decision)], now);
        if (request.Form == DecisionForm.Signed)
            AddStatement(response, request, signedStatements.Of(device, SignedStatements.Stated(registered, device, revision.Bundle), now));
        metrics.Decided(decisions, !ReferenceEquals(revision, status.Active), request.Form == DecisionForm.Signed, clock.GetElapsedTime(began));
        ValueTask kept = audit.DecidedAsync(context.GetHttpContext().Caller(), device, revision, decisions, merged.Context, registered, now, context.CancellationToken);
        return kept.IsCompletedSuccessfully ? Task.FromResult(response) : Once(kept, response);
    }

    public override Task<GetSigningKeysResponse> GetSigningKeys(GetSigningKeysRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSigningKeysResponse { Keys = { keys.PublishedAt(clock.GetUtcNow()).Select(key => key.ToWire()) } });

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        RequestLimits.CheckDeviceId(request.DeviceId);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        string device = Subject(request.DeviceId, registry.Current, context);
        string caller = context.GetHttpContext().Caller().Name;
        using PdpMetrics.Watching watching = metrics.Watch();
        (RevisionStatus? Status, long Device) told = default;
        try
        {
            while (true)
            {
                // The signals are taken before the look: a change after the look completes a signal that is already held.
                Task changed = Task.WhenAny(registry.NextChangeOf(device), registry.NextChangeOf(caller));
                DeviceRegistry devices = registry.Current;
                // Asked each time: the caller may have lost its role or its certificate since, and the device may have been revoked or moved to another site.
                access.Check(context);
                Subject(request.DeviceId, devices, context);
                (RevisionStatus Status, long Device) now = (revisions.Current, devices.Find(device)?.Version ?? 0);
                if (told.Status is null || now.Device != told.Device || now.Status.TellsOtherThan(told.Status, device))
                {
                    // A reader that does not keep up holds this write, and with it this one loop: nothing queues up. One that takes nothing loses its connection (Admission.Keep).
                    await responseStream.WriteAsync(ToWire(now.Status, device, now.Device), ending.Token);
                    told = now;
                }
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                await Task.WhenAny(revisions.WaitForOther(now.Status, device, turn.Token), changed.WaitAsync(turn.Token));
                await turn.CancelAsync();
                ending.Token.ThrowIfCancellationRequested();
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
        // Not known is not forbidden: whoever is told so would forget decisions that still hold.
        Status status = !registry.IsAvailable && device != caller.Name && caller.Role == Roles.Gateway
            ? new Status(StatusCode.Unavailable, "the registry cannot be reached, so nobody knows which devices are at the gateway's site")
            : new Status(StatusCode.PermissionDenied, $"{caller.Id} may not speak for {device}");
        throw denials.Deny(context.Method, caller, status, reason, device);
    }

    private (DecideResponse Response, (Decision, Region)[] Decisions) Answer(
        DecideRequest request, RevisionStatus status, ActiveRevision revision, MergedContext merged, PreparedContext prepared, DateTimeOffset now)
    {
        IEnumerable<DecisionKind> kinds = request.Kinds.Count == 0 ? DecisionKinds.All : request.Kinds.Select(WireMapping.FromWire);
        var response = new DecideResponse { NeededAttributes = { status.NeededClaims } };
        var decisions = new List<(Decision, Region)>(DecisionKinds.All.Count);
        DecisionPath path = _path ??= new DecisionPath();
        foreach (DecisionKind kind in kinds)
        {
            Decision decision = revision.Decider.Decide(kind, prepared, now, path);
            Region region = path.Region();
            if (request.Form == DecisionForm.Signed)
                response.SignedDecisions.Add(signedDecisions.Of(revision.Id, decision, region, now));
            else
                response.Decisions.Add(WireMapping.ToWire(decision, revision.Id, now, region.HoldsUntil(prepared, now)));
            decisions.Add((decision, region));
        }
        response.Ignored.AddRange(merged.Dropped
            .Select(claim => new IgnoredAttribute { Name = claim.Name, Reason = IgnoredReason.Provenance, Detail = claim.Reason })
            // What the registry says and the schema cannot use is not the device's fault.
            .Concat(prepared.Unusable.Where(value => request.Attributes.ContainsKey(value.Name)).Select(Ignored))
            .OrderBy(ignored => ignored.Name, StringComparer.Ordinal));
        return (response, [.. decisions]);
    }

    private static async Task<DecideResponse> Once(ValueTask kept, DecideResponse response)
    {
        await kept;
        return response;
    }

    private static void AddStatement(DecideResponse response, DecideRequest request, SignedStatements.Entry statement)
    {
        if (request.KnownStatement != statement.Digest)
            response.Statement = statement.Signed;
    }

    private static WatchResponse ToWire(RevisionStatus status, string device, long version) =>
        new() { Revision = WireMapping.ToWire(status.For(device).Id), NeededAttributes = { status.NeededClaims }, DeviceVersion = (ulong)version };

    private static DeviceContext Claims(DecideRequest request) =>
        DeviceContext.Of(request.Attributes.Select(claim => KeyValuePair.Create(claim.Key, WireMapping.FromWire(claim.Value))));

    private static IgnoredAttribute Ignored(UnusableValue value) => new()
    {
        Name = value.Name,
        Reason = value.IsUnknown ? IgnoredReason.Unknown : IgnoredReason.Malformed,
        Detail = value.Expected,
    };
}
