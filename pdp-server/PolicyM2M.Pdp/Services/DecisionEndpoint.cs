using System.Diagnostics;
using Google.Protobuf.Collections;
using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Registry;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using Decision = PolicyM2M.Engine.Decision;
using Region = PolicyM2M.Engine.Regions.Region;

namespace PolicyM2M.Pdp.Services;

/// <summary>What devices and gateways ask.</summary>
[BindServiceMethod(typeof(DecideBinding), nameof(DecideBinding.BindOthers))]
internal sealed partial class DecisionEndpoint(
    RevisionState revisions, RegistryState registry, Trial trial, DroppedClaims droppedClaims, SigningKeys keys, SignedDecisions signedDecisions,
    SignedStatements signedStatements, SignedBundles signedBundles, GivenDecisions given, WatchNews news, CallAccess access, CallerRulesState callers, Denials denials, CallerLoads loads, Overloads overloads,
    AuditTrail audit, PdpMetrics metrics, TimeProvider clock, IHostApplicationLifetime lifetime)
    : DecisionService.DecisionServiceBase
{
    /// <summary>Looking for what a name was meant to be takes a while; nobody misspells more than a few.</summary>
    private const int MostHints = 8;

    /// <summary>Grows to the longest way of its thread's decisions, and is used again.</summary>
    [ThreadStatic]
    private static DecisionPath? _path;

    public override async Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context) => (await AnswerAsync(request, context)).Response;

    /// <summary>Decides, and comes back once that is recorded.</summary>
    public ValueTask<MadeAnswer> AnswerAsync(DecideRequest request, ServerCallContext context)
    {
        using Activity? span = PdpTraces.Decide(request.Form);
        long began = clock.GetTimestamp();
        RequestLimits.Check(request);
        audit.Demand();
        // Each is taken once, so that the whole answer is of one revision and one copy of the registry; and the device once from that, which changes in place.
        RevisionStatus status = revisions.Current;
        (DeviceRegistry devices, bool isAway) = Devices();
        Caller caller = context.GetHttpContext().Caller();
        string device = Subject(request.DeviceId, devices, context);
        DateTimeOffset now = clock.GetUtcNow();
        MadeAnswer made = Answer(request, status, devices, isAway, caller, device, now);
        ValueTask kept = GiveAsync(made.Answered, context.GetHttpContext(), context.GetHttpContext().CallerConnection().Load, now, clock.GetElapsedTime(began), isFromMemory: false);
        return kept.IsCompletedSuccessfully ? ValueTask.FromResult(made) : Once(kept, made);
    }

    /// <summary>Counts an answer that goes out now, and records it; comes back once it is recorded.</summary>
    /// <param name="answered">The answer.</param>
    /// <param name="http">The call.</param>
    /// <param name="load">Its caller's.</param>
    /// <param name="now">When it was asked.</param>
    /// <param name="took">How long it took to find it.</param>
    /// <param name="isFromMemory">Whether it was given before.</param>
    /// <exception cref="RpcException">UNAVAILABLE where it cannot be recorded, and must be.</exception>
    public ValueTask GiveAsync(Answered answered, HttpContext http, CallerLoad load, DateTimeOffset now, TimeSpan took, bool isFromMemory)
    {
        if (!answered.Dropped.IsEmpty)
            droppedClaims.Add(answered.Dropped);
        bool isSigned = answered.Form == DecisionForm.Signed;
        if (isSigned)
            signedStatements.HandOut(isFromMemory);
        given.Note(load, answered);
        metrics.Decided(answered.Decisions, answered.IsCanary, isSigned, took);
        return audit.DecidedAsync(answered.Words, now, http);
    }

    public override Task<GetSigningKeysResponse> GetSigningKeys(GetSigningKeysRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSigningKeysResponse { Keys = { keys.PublishedAt(clock.GetUtcNow()).Select(key => key.ToWire()) } });

    /// <summary>The device in question, for which the caller may speak.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED where it may not, UNAVAILABLE where nobody knows.</exception>
    public string Subject(string requested, DeviceRegistry devices, ServerCallContext context)
    {
        Caller caller = context.GetHttpContext().Caller();
        string device = requested.Length == 0 ? caller.Name : requested;
        if (DeviceAccess.Allows(caller, device, devices, out string? reason))
            return device;
        // Not known is not forbidden, nor denied: whoever is told so would forget decisions that still hold. That the registry is away is in the log.
        if (!registry.IsAvailable && device != caller.Name && caller.Role == Roles.Gateway && !devices.IsRevoked(caller.Name) && !devices.IsRevoked(device))
            throw new SiteUnknownException();
        // Of others a caller must not learn more than that it may not; of itself, and a gateway of its own devices, it learns what to ask the operator for.
        string said = devices.IsRevoked(caller.Name) ? $"{caller.Id} is revoked"
            : caller.Role == Roles.Gateway && devices.IsRevoked(device) && devices.SiteOf(device) is { } site && site == devices.SiteOf(caller.Name) ? $"{device} is revoked"
            : $"{caller.Id} may not speak for {device}";
        throw denials.Deny(context.Method, caller, new Status(StatusCode.PermissionDenied, said), new RefusalWords(reason), device);
    }

    /// <summary>The registry as it is now, and whether it is away. Asked before and after: what is taken while it goes or comes back is said to be without it, and never the other way round.</summary>
    public (DeviceRegistry Devices, bool IsAway) Devices()
    {
        bool isAway = !registry.IsAvailable;
        DeviceRegistry devices = registry.Current;
        return (devices, isAway || !registry.IsAvailable);
    }

    /// <summary>The answer to a request by a status, of which nothing is counted or recorded yet.</summary>
    public MadeAnswer Answer(DecideRequest request, RevisionStatus status, DeviceRegistry devices, bool isAway, Caller caller, string device, DateTimeOffset now)
    {
        ActiveRevision revision = status.For(device);
        Registry.Device? known = devices.Find(device);
        DeviceContext claims = Claims(request), registered = known?.ToContext() ?? DeviceContext.Empty;
        MergedContext merged = MergedContext.Of(device, claims, registered, revision.Bundle);
        PreparedContext prepared = revision.Decider.Prepare(merged.Context);

        var response = new DecideResponse { NeededAttributes = { status.NeededClaims }, RegistryUnavailable = isAway };
        (Decision Decision, Region Region)[] decisions = Decide(request.Kinds, revision, prepared, now);
        AnsweringRevision answering = status.Answering(revision);
        SignedDecision[] signed = [];
        DateTimeOffset? until = null;
        if (request.Form == DecisionForm.Signed)
        {
            signed = [.. decisions.Select(made => signedDecisions.Of(answering, made.Decision, made.Region, now))];
            DeviceContext stated = SignedStatements.Stated(registered, device, revision.Bundle);
            until = AddSigned(response, request, signed, Statement(device, stated, revision, prepared, now));
            foreach ((_, Region region) in decisions)
                until = Earlier(until.Value, region.HoldsUntil(prepared, now));
        }
        else
            response.Decisions.AddRange(decisions.Select(made => ToWire(made.Decision, answering, now, made.Region.HoldsUntil(prepared, now))));
        response.Ignored.AddRange(merged.Dropped
            .Select(claim => new IgnoredAttribute { Name = claim.Name, Reason = IgnoredReason.Provenance, Detail = claim.Reason })
            // What the registry says and the schema cannot use is not the device's fault.
            .Concat(prepared.Unusable.Where(value => request.Attributes.ContainsKey(value.Name)).Select((value, i) => Ignored(value, isHinted: i < MostHints)))
            .OrderBy(ignored => ignored.Name, StringComparer.Ordinal));
        trial.Compare(status, device, claims, registered, revision, [.. decisions.Select(made => made.Decision)], now);
        return new MadeAnswer(response, new Answered
        {
            Caller = caller,
            Device = device,
            Status = status,
            Known = known,
            Registry = devices,
            Form = request.Form,
            Decisions = decisions,
            Signed = signed,
            Dropped = merged.Dropped,
            Words = audit.WordsOf(caller, device, revision, decisions, merged.Context, registered, isAway),
            IsCanary = !ReferenceEquals(revision, status.Active),
            MadeAt = now,
            Until = until,
        });
    }

    private static (Decision, Region)[] Decide(RepeatedField<Wire.V1.DecisionKind> asked, ActiveRevision revision, PreparedContext prepared, DateTimeOffset now)
    {
        DecisionPath path = _path ??= new DecisionPath();
        return [.. (asked.Count == 0 ? DecisionKinds.All : asked.Select(WireMapping.FromWire)).Select(kind => (revision.Decider.Decide(kind, prepared, now, path), path.Region()))];
    }

    /// <summary>What is stated of a device. What a watch told of it holds for as long as decisions of before: where these claims want longer, it is signed anew.</summary>
    private SignedStatements.Entry Statement(string device, DeviceContext stated, ActiveRevision revision, PreparedContext prepared, DateTimeOffset now)
    {
        SignedStatements.Entry? known = signedStatements.Find(device, stated, now);
        if (known is { IsOfClaims: true })
            return known;
        TimeSpan longest = LongestUse(revision, prepared, now);
        return known is not null && signedStatements.HoldsFor(known, longest) ? known : signedStatements.Sign(device, stated, longest, now, isOfClaims: true);
    }

    /// <summary>How long the longest of a device's decisions may be used, whichever it asks for: nothing would be gained by what is stated of it beyond that.</summary>
    private static TimeSpan LongestUse(ActiveRevision revision, PreparedContext prepared, DateTimeOffset now) => DecisionKinds.All.Max(kind => revision.Decider.Decide(kind, prepared, now).UsableFor);

    /// <summary>Adds the decisions, and the statement where the device does not have it.</summary>
    /// <returns>Until when the same would be added.</returns>
    private static DateTimeOffset AddSigned(DecideResponse response, DecideRequest request, SignedDecision[] decisions, SignedStatements.Entry statement)
    {
        DateTimeOffset until = statement.ReuseUntil;
        foreach (SignedDecision decision in decisions)
        {
            response.SignedDecisions.Add(decision.Signed);
            until = Earlier(until, decision.ReuseUntil);
        }
        if (request.KnownStatement != statement.Digest)
            response.Statement = statement.Signed;
        return until;
    }

    private static Wire.V1.Decision ToWire(Decision decision, AnsweringRevision revision, DateTimeOffset now, DateTimeOffset? until)
    {
        Wire.V1.Decision wire = WireMapping.ToWire(decision, revision.Id, now, until);
        wire.Revision = revision.ToWire();
        return wire;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;

    private static async ValueTask<MadeAnswer> Once(ValueTask kept, MadeAnswer made)
    {
        await kept;
        return made;
    }

    private static DeviceContext Claims(DecideRequest request) =>
        DeviceContext.Of(request.Attributes.Select(claim => KeyValuePair.Create(claim.Key, WireMapping.FromWire(claim.Value))));

    private static IgnoredAttribute Ignored(UnusableValue value, bool isHinted) => new()
    {
        Name = value.Name,
        Reason = value.IsUnknown ? IgnoredReason.Unknown : IgnoredReason.Malformed,
        Detail = isHinted || !value.IsUnknown ? value.Expected : "the schema has no such attribute",
    };
}
