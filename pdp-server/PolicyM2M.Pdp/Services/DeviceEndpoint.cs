using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;
using Device = PolicyM2M.Registry.Device;

namespace PolicyM2M.Pdp.Services;

/// <summary>What operators do with the registry. An answer to a change comes when this server's own decisions already see it.</summary>
internal sealed class DeviceEndpoint(
    DeviceStore store, RegistryState state, RevisionState revisions, DroppedClaims droppedClaims, DeviceImportCall importCall, AuditTrail audit, ILogger<DeviceEndpoint> log)
    : DeviceService.DeviceServiceBase
{
    private const int UsualPage = 100, HistoryShown = 20, HeldShown = 1_000;

    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromSeconds(1);

    public override async Task<UpsertDeviceResponse> UpsertDevice(UpsertDeviceRequest request, ServerCallContext context)
    {
        string id = DeviceMapping.Id(request.Id);
        var change = new DeviceChange.Upsert(
            DeviceMapping.State(request.State),
            request.HasSite ? DeviceMapping.Site(request.Site) : null,
            request.HasRisk ? DeviceMapping.Risk(request.Risk) : null,
            DeviceMapping.Attributes(request.Attributes),
            request.HasExpectedVersion ? (long)Math.Min(request.ExpectedVersion, long.MaxValue) : null);
        List<string> warnings = Review(Said(change));
        Device device = (await ChangeAsync(id, change, context))!;
        return new UpsertDeviceResponse { Device = ToWire(device), Warnings = { warnings } };
    }

    public override async Task<GetDeviceResponse> GetDevice(GetDeviceRequest request, ServerCallContext context) => await Available(async () =>
    {
        string id = DeviceMapping.Id(request.Id);
        Device device = await store.FindAsync(id, context.CancellationToken) ?? throw DeviceMapping.Refused(Explain(id, DeviceChange.NotThere(id)));
        IReadOnlyList<DeviceHistory> history = await store.HistoryAsync(id, HistoryShown, context.CancellationToken);
        return new GetDeviceResponse { Device = ToWire(device), History = { history.Select(DeviceMapping.ToWire) } };
    });

    public override async Task<ListDevicesResponse> ListDevices(ListDevicesRequest request, ServerCallContext context) => await Available(async () =>
    {
        if (request.PageSize < 0)
            throw DeviceMapping.Invalid($"page_size is {request.PageSize}; expected 0 or more");
        int size = request.PageSize == 0 ? UsualPage : Math.Min(request.PageSize, DeviceStore.LargestPage);
        IReadOnlyList<Device> found = await store.ListAsync(
            request.Site.Length == 0 ? null : DeviceMapping.Site(request.Site), DeviceMapping.State(request.State), After(request.PageToken), size, context.CancellationToken);
        return new ListDevicesResponse
        {
            Devices = { found.Select(ToWire) },
            NextPageToken = found.Count < size ? "" : Convert.ToBase64String(Encoding.UTF8.GetBytes(found[^1].Id)),
        };
    });

    public override async Task<SetDeviceStateResponse> SetDeviceState(SetDeviceStateRequest request, ServerCallContext context)
    {
        LifecycleState wanted = DeviceMapping.State(request.State) ?? throw DeviceMapping.Invalid($"there is no state; expected one of {string.Join(", ", LifecycleStates.All)}");
        Device? device = await ChangeAsync(DeviceMapping.Id(request.Id), new DeviceChange.SetState(wanted, Optional(request.Reason)), context);
        return new SetDeviceStateResponse { Device = ToWire(device!), Warnings = { WarningsOfState(device!) } };
    }

    public override async Task<SetDeviceRiskResponse> SetDeviceRisk(SetDeviceRiskRequest request, ServerCallContext context)
    {
        // A field that was forgotten, or misspelt by who writes the message, must not take away what monitoring found.
        int? risk = (request.HasRisk, request.Unknown) switch
        {
            (true, false) => DeviceMapping.Risk(request.Risk),
            (false, true) => null,
            (false, false) => throw DeviceMapping.Invalid("there is no risk; give `risk` from 0 to 100, or `unknown` where nobody knows it any more"),
            _ => throw DeviceMapping.Invalid("`risk` and `unknown` exclude each other"),
        };
        Device? device = await ChangeAsync(DeviceMapping.Id(request.Id), new DeviceChange.SetRisk(risk, Optional(request.Reason)), context);
        return new SetDeviceRiskResponse { Device = ToWire(device!) };
    }

    public override async Task<RevokeDeviceResponse> RevokeDevice(RevokeDeviceRequest request, ServerCallContext context)
    {
        Device? device = await ChangeAsync(DeviceMapping.Id(request.Id), new DeviceChange.Revoke(DeviceMapping.Reason(request.Reason, isRequired: true)), context);
        return new RevokeDeviceResponse { Device = ToWire(device!) };
    }

    public override async Task<ReinstateDeviceResponse> ReinstateDevice(ReinstateDeviceRequest request, ServerCallContext context)
    {
        Device? device = await ChangeAsync(DeviceMapping.Id(request.Id), new DeviceChange.Reinstate(DeviceMapping.Reason(request.Reason, isRequired: true)), context);
        return new ReinstateDeviceResponse { Device = ToWire(device!), Warnings = { WarningsOfState(device!) } };
    }

    public override async Task<DeleteDeviceResponse> DeleteDevice(DeleteDeviceRequest request, ServerCallContext context)
    {
        await ChangeAsync(DeviceMapping.Id(request.Id), new DeviceChange.Delete(Optional(request.Reason)), context);
        return new DeleteDeviceResponse();
    }

    public override async Task ImportDevices(
        IAsyncStreamReader<ImportDevicesRequest> requestStream, IServerStreamWriter<ImportDevicesResponse> responseStream, ServerCallContext context)
    {
        await Available(() => importCall.RunAsync(requestStream, responseStream, context.GetHttpContext().Caller(), context.CancellationToken));
    }

    public override Task<GetRegistryStatusResponse> GetRegistryStatus(GetRegistryStatusRequest request, ServerCallContext context)
    {
        var status = new GetRegistryStatusResponse
        {
            Available = state.IsAvailable,
            Database = store.Name,
            Devices = state.Current.Count,
            Sequence = (ulong)state.Sequence,
            InStepAt = state.InStepAt?.ToTimestamp(),
            Fault = state.Fault ?? "",
            HeldDevices = state.Held.Count,
            HeldDeviceIds = { state.Held.Order(StringComparer.Ordinal).Take(HeldShown) },
        };
        foreach ((string name, long count) in droppedClaims.Counts)
            status.DroppedClaims[name] = (ulong)count;
        return Task.FromResult(status);
    }

    private async Task<Device?> ChangeAsync(string id, DeviceChange change, ServerCallContext context) => await Available(async () =>
    {
        Caller actor = context.GetHttpContext().Caller();
        audit.Demand();
        var said = new AuditDeviceChange { Verb = change.Verb, Reason = change.Because ?? "" };
        // It has happened, or was refused: whoever hangs up now is recorded all the same.
        ValueTask Record() => audit.DoneAsync(actor, id, record => record.DeviceChange = said, CancellationToken.None);
        Written written;
        try
        {
            written = await store.ChangeAllAsync([(id, change)], actor.Id.ToString(), Writing.AllOrNothing, context.CancellationToken);
        }
        catch (RegistryUnavailableException fault)
        {
            said.NotDone = ChangeWords.Failed(fault);
            await Record();
            throw;
        }
        said.BeforeDigest = DeviceDigest.Of(written.Before[0], audit.Pseudonyms);
        said.AfterDigest = DeviceDigest.Of(written.Devices[0], audit.Pseudonyms);
        if (written.Refusals[0] is { } refusal)
        {
            said.NotDone = ChangeWords.Refused(refusal);
            await Record();
            throw new DeviceRefusedException(Explain(id, refusal));
        }
        said.Version = (ulong)written.Sequence;
        log.DeviceChanged(actor.Id, change.Verb, id, written.Sequence);
        await Record();
        await state.WaitForSequence(written.Sequence, LongestCatchUp, context.CancellationToken);
        return written.Devices[0];
    });

    private Wire.V1.Device ToWire(Device device) => DeviceMapping.ToWire(device, state.Held);

    /// <summary>Whoever wants a device back that is held is told how.</summary>
    private Refusal Explain(string id, Refusal refusal) => !state.Held.Contains(id) || refusal.Kind == RefusalKind.Conflict ? refusal : refusal with
    {
        Message = $"{refusal.Message}; this decision point holds it for revoked, as it was in an earlier registry or before a backup was restored: "
            + $"{(refusal.Kind == RefusalKind.NotFound ? "register it, revoke it" : "revoke it")} and reinstate it to end that",
    };

    /// <summary>What a schema can say of an upsert before anybody knows the device.</summary>
    private static DeviceContext Said(DeviceChange.Upsert change) =>
        new Device("", change.State ?? LifecycleState.Onboarding, string.IsNullOrEmpty(change.Site) ? null : change.Site, change.Risk, null, change.Attributes, 0, default).ToContext();

    /// <summary>Refuses what the active policies cannot use, and warns of what they do not know.</summary>
    private List<string> Review(DeviceContext said)
    {
        List<string> warnings = [];
        foreach ((string name, string? expected) in DeviceRules.Review(revisions.Current.Active.Decider, said))
        {
            if (expected is not null)
                throw DeviceMapping.Invalid($"`{name}` is {said.Values[name]}; {expected}");
            warnings.Add($"the policies know no attribute `{name}`, so it does nothing");
        }
        return warnings;
    }

    /// <summary>Warns of a state that the active policies do not know. It is taken all the same: the next revision may know it, and the registry's table of states says what may follow what.</summary>
    private IEnumerable<string> WarningsOfState(Device device) => DeviceRules.Review(revisions.Current.Active.Decider, device.ToContext())
        .Where(value => value.Name == AttributeNames.State && value.Expected is not null)
        .Select(value => $"the policies do not know the state {LifecycleStates.Text(device.State)}, so it counts as missing, and the strictest applies; {value.Expected}");

    private static string? Optional(string reason) => DeviceMapping.Reason(reason, isRequired: false) is { Length: > 0 } given ? given : null;

    private static string After(string token)
    {
        if (token.Length == 0)
            return "";
        Span<byte> bytes = stackalloc byte[DeviceRules.MaximumIdLength];
        return Convert.TryFromBase64String(token, bytes, out int length) && Encoding.UTF8.GetString(bytes[..length]) is var id && DeviceRules.FaultOfId(id) is null
            ? id
            : throw DeviceMapping.Invalid("page_token is none of this server; expected next_page_token of the page before");
    }

    private static async Task<T> Available<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (DeviceRefusedException refused)
        {
            throw DeviceMapping.Refused(refused.Refusal);
        }
        catch (RegistryUnavailableException fault)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, DeviceMapping.Words(fault)));
        }
    }
}
