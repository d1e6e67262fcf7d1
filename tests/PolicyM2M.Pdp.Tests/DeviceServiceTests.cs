using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What an operator does to the registry, and what devices then get. Each test has devices of its own.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class DeviceServiceTests
{
    private RunningPdp _pdp = null!;
    private DeviceService.DeviceServiceClient _operator = null!;
    private DecisionService.DecisionServiceClient _device = null!, _gateway = null!;

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        (_operator, _device, _gateway) = (_pdp.DevicesAs("operator"), _pdp.DecisionsAs("device"), _pdp.DecisionsAs("gateway"));
    }

    [TearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task What_is_written_is_read_and_the_history_says_who_wrote_it()
    {
        var request = new UpsertDeviceRequest { Id = "sensor-9", State = DeviceState.Active, Site = "plant-7", Risk = 7 };
        request.Attributes["device.type"] = new AttributeValue { Text = "sensor" };
        request.Attributes["labels"] = new AttributeValue { Set = new TextSet { Items = { "b", "a" } } };
        UpsertDeviceResponse written = await _operator.UpsertDeviceAsync(request);
        await _operator.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "sensor-9", State = DeviceState.Quarantined, Reason = "port scan" });

        GetDeviceResponse read = await _operator.GetDeviceAsync(new GetDeviceRequest { Id = "sensor-9" });

        Assert.That(written.Warnings, Is.EqualTo(new[] { "the policies know no attribute `labels`, so it does nothing" }));
        Assert.That((read.Device.State, read.Device.Site, read.Device.Risk, read.Device.HasRisk), Is.EqualTo((DeviceState.Quarantined, "plant-7", 7, true)));
        Assert.That(read.Device.Attributes["labels"].Set.Items, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(read.Device.Version, Is.GreaterThan(written.Device.Version));
        Assert.That(read.History.Select(entry => (entry.Actor, entry.Verb, entry.Reason)), Is.EqualTo(new[]
        {
            ("spiffe://dev.policym2m.example/operator/dev", "state quarantined", "port scan"), ("spiffe://dev.policym2m.example/operator/dev", "upsert", ""),
        }));
    }

    [Test]
    public async Task A_decision_sees_a_change_when_the_operator_has_the_answer()
    {
        for (int i = 0; i < 5; i++)
        {
            await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = i % 2 == 0 ? 80 : 20 });
            Assert.That((await Rotation()).RotateNow, Is.EqualTo(i % 2 == 0));
        }
        await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Unknown = true });
        Assert.That((await Rotation()).RotateNow, Is.True, "a risk that nobody knows could be any");
    }

    [Test]
    public async Task A_watcher_hears_of_a_change_of_its_device_and_of_no_other()
    {
        using AsyncServerStreamingCall<WatchResponse> plc = _device.Watch(new WatchRequest());
        using AsyncServerStreamingCall<WatchResponse> sensor = _gateway.Watch(new WatchRequest { DeviceId = "sensor-1" });
        ulong plcBefore = (await Next(plc)).DeviceVersion, sensorBefore = (await Next(sensor)).DeviceVersion;

        ulong sensorNow = (await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "sensor-1", Risk = 1 })).Device.Version;
        Assert.That((await Next(sensor)).DeviceVersion, Is.EqualTo(sensorNow).And.GreaterThan(sensorBefore));

        ulong plcNow = (await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 99 })).Device.Version;
        WatchResponse next = await Next(plc);
        Assert.That(next.DeviceVersion, Is.EqualTo(plcNow).And.GreaterThan(plcBefore), "the first thing it hears is its own change");
        Assert.That(next.Revision.CommitId, Is.EqualTo(_pdp.Git.Head));
    }

    [Test]
    public async Task A_revoked_device_is_denied_everything_and_so_is_whoever_asks_for_it_until_it_is_reinstated()
    {
        using AsyncServerStreamingCall<WatchResponse> own = _device.Watch(new WatchRequest());
        using AsyncServerStreamingCall<WatchResponse> gateways = _gateway.Watch(new WatchRequest { DeviceId = "plc-0042" });
        await Next(own);
        await Next(gateways);

        Device revoked = (await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" })).Device;

        Assert.That(revoked.Revocation.Reason, Is.EqualTo("stolen"));
        Assert.That(await StatusOf(() => Next(own)), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await StatusOf(() => Next(gateways)), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await StatusOf(Rotation), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await StatusOf(async () => await _gateway.DecideAsync(new DecideRequest { DeviceId = "plc-0042" })), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await StatusOf(async () => await _gateway.DecideAsync(new DecideRequest { DeviceId = "sensor-1" })), Is.EqualTo(StatusCode.OK));

        await _operator.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" });
        Assert.That((await Rotation()).RotateNow, Is.False);
    }

    [TestCase("device", "plc-0042")]
    [TestCase("gateway", "gw-plant7")]
    public async Task Whoever_is_revoked_is_denied_by_every_RPC_of_its_role_but_those_that_are_for_anybody(string caller, string id)
    {
        DecisionService.DecisionServiceClient client = _pdp.DecisionsAs(caller);
        var calls = new Dictionary<string, Func<Task<StatusCode>>>
        {
            ["Decide"] = () => StatusOf(async () => await client.DecideAsync(new DecideRequest())),
            ["DecideStream"] = async () =>
            {
                using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = client.DecideStream();
                await call.RequestStream.WriteAsync(new DecideStreamRequest { Request = new DecideRequest() });
                await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
                return (StatusCode)(call.ResponseStream.Current.Fault?.Code ?? 0);
            },
            ["GetBundle"] = () => StatusOf(() => client.GetBundle(new GetBundleRequest()).ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken)),
            ["Watch"] = () => StatusOf(() => client.Watch(new WatchRequest()).ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken)),
            ["WatchDevices"] = () => StatusOf(async () =>
            {
                using AsyncDuplexStreamingCall<WatchDevicesRequest, WatchDevicesResponse> watch = client.WatchDevices();
                await watch.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { id } });
                await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
            }),
            ["ReportRotation"] = () => StatusOf(async () => await client.ReportRotationAsync(new ReportRotationRequest { Rotation = RotationReportTests.Rotation() })),
        };
        Assert.That(AccessTable.Rpcs.Where(rpc => AccessTable.RolesOf(rpc) is not Roles.Any && (AccessTable.RolesOf(rpc) & (Roles.Device | Roles.Gateway)) != 0).Select(rpc => rpc.Split('/')[^1]), Is.EquivalentTo(calls.Keys));
        foreach ((string rpc, Func<Task<StatusCode>> call) in calls)
            Assert.That(await call(), Is.EqualTo(StatusCode.OK), rpc);

        await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = id, Reason = "stolen" });

        foreach ((string rpc, Func<Task<StatusCode>> call) in calls)
            Assert.That(await call(), Is.EqualTo(StatusCode.PermissionDenied), rpc);
        await Refused(StatusCode.PermissionDenied, $"/{id} is revoked", async () => await client.DecideAsync(new DecideRequest()));
    }

    [Test]
    public async Task A_gateway_is_told_that_a_device_of_its_own_is_revoked_and_of_no_other()
    {
        foreach (string id in new[] { "sensor-1", "plc-0099" })
            await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = id, Reason = "stolen" });
        await Refused(StatusCode.PermissionDenied, "sensor-1 is revoked", async () => await _gateway.DecideAsync(new DecideRequest { DeviceId = "sensor-1" }));
        await Refused(StatusCode.PermissionDenied, "plc-0042 may not speak for sensor-1", async () => await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { DeviceId = "sensor-1" }));
        await Refused(StatusCode.PermissionDenied, "gw-plant7 may not speak for plc-0099", async () => await _gateway.DecideAsync(new DecideRequest { DeviceId = "plc-0099" }));
    }

    [Test]
    public async Task A_device_that_nobody_watches_any_more_is_forgotten()
    {
        DeviceWatchers watchers = _pdp.Server.Services.GetRequiredService<RegistryState>().Watchers;
        using (AsyncServerStreamingCall<WatchResponse> own = _device.Watch(new WatchRequest()), gateways = _gateway.Watch(new WatchRequest { DeviceId = "plc-0042" }))
        {
            await Next(own);
            await Next(gateways);
            Assert.That(watchers.Count, Is.EqualTo(2), "the device, and the gateway itself");
        }
        await RunningPdp.Eventually(() => Task.FromResult(watchers.Count), count => count == 0);
    }

    [Test]
    public async Task A_gateway_that_is_moved_or_revoked_hears_no_more_of_the_devices_of_its_site()
    {
        using AsyncServerStreamingCall<WatchResponse> moved = _gateway.Watch(new WatchRequest { DeviceId = "sensor-1" });
        await Next(moved);
        await _operator.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "gw-plant7", Site = "plant-9" });
        Assert.That(await StatusOf(() => Next(moved)), Is.EqualTo(StatusCode.PermissionDenied));

        await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "gw-plant7", Reason = "stolen" });
        Assert.That(await StatusOf(async () => await _gateway.DecideAsync(new DecideRequest())), Is.EqualTo(StatusCode.PermissionDenied));
    }

    [Test]
    public async Task What_the_registry_refuses_has_its_proper_status_and_a_reason()
    {
        await _operator.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0099", State = DeviceState.Retired });
        await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "sensor-1", Reason = "stolen" });

        await Refused(StatusCode.FailedPrecondition, "active cannot follow", async () => await _operator.SetDeviceStateAsync(new SetDeviceStateRequest { Id = "plc-0099", State = DeviceState.Active }));
        await Refused(StatusCode.FailedPrecondition, "reinstate it first", async () => await _operator.DeleteDeviceAsync(new DeleteDeviceRequest { Id = "sensor-1" }));
        await Refused(StatusCode.Aborted, "version 99", async () => await _operator.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "plc-0042", ExpectedVersion = 99 }));
        await Refused(StatusCode.NotFound, "no device `nobody`", async () => await _operator.GetDeviceAsync(new GetDeviceRequest { Id = "nobody" }));
        await Refused(StatusCode.InvalidArgument, "there is no risk; give `risk` from 0 to 100, or `unknown`", async () => await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042" }));
        await Refused(StatusCode.InvalidArgument, "exclude each other", async () => await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 3, Unknown = true }));
        await Refused(StatusCode.NotFound, "no device `nobody`", async () => await _operator.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "nobody", Risk = 1 }));
    }

    private static IEnumerable<TestCaseData> Unusable()
    {
        static TestCaseData Case(string expected, Action<UpsertDeviceRequest> spoil) => new TestCaseData(expected, spoil).SetArgDisplayNames(expected);
        yield return Case("cannot be the id of a device", request => request.Id = "../x");
        yield return Case("cannot be the id of a device", request => request.Id = "");
        yield return Case("cannot be the name of an attribute", request => request.Attributes["a b"] = new AttributeValue { Boolean = true });
        yield return Case("is a field of its own", request => request.Attributes["location.site"] = new AttributeValue { Text = "x" });
        yield return Case("has no value", request => request.Attributes["a"] = new AttributeValue());
        yield return Case("longer than 1024 bytes", request => request.Attributes["a"] = new AttributeValue { Text = new string('ä', 513) });
        yield return Case("has control characters", request => request.Attributes["a"] = new AttributeValue { Text = "\u001b[31m" });
        yield return Case("has control characters", request => request.Site = "a\nb");
        yield return Case("101 is no risk", request => request.Risk = 101);
        yield return Case("there is no state 9", request => request.State = (DeviceState)9);
        yield return Case("`device.type` is \"robot\"; expected", request => request.Attributes["device.type"] = new AttributeValue { Text = "robot" });
        yield return Case("at most 256", request =>
        {
            for (int i = 0; i < 257; i++)
                request.Attributes[$"a{i}"] = new AttributeValue { Boolean = true };
        });
    }

    [TestCaseSource(nameof(Unusable))]
    public async Task What_no_device_can_be_is_an_invalid_argument_that_says_what_was_expected(string expected, Action<UpsertDeviceRequest> spoil)
    {
        var request = new UpsertDeviceRequest { Id = "new-1" };
        spoil(request);

        await Refused(StatusCode.InvalidArgument, expected, async () => await _operator.UpsertDeviceAsync(request));
        await Refused(StatusCode.NotFound, "new-1", async () => await _operator.GetDeviceAsync(new GetDeviceRequest { Id = "new-1" }));
    }

    [Test]
    public async Task A_revocation_wants_a_reason()
    {
        await Refused(StatusCode.InvalidArgument, "there is no reason", async () => await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = " " }));
        await Refused(StatusCode.InvalidArgument, "control characters", async () => await _operator.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "a\tb" }));
    }

    [Test]
    public async Task Pages_hold_every_device_once_and_a_token_that_is_none_is_refused()
    {
        List<string> ids = [];
        string token = "";
        do
        {
            ListDevicesResponse page = await _operator.ListDevicesAsync(new ListDevicesRequest { PageSize = 3, PageToken = token });
            ids.AddRange(page.Devices.Select(device => device.Id));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.That(ids, Is.EqualTo(new[] { "gw-plant7", "plc-0042", "plc-0099", "sensor-1" }));
        ListDevicesResponse site = await _operator.ListDevicesAsync(new ListDevicesRequest { Site = "plant-9" });
        Assert.That(site.Devices.Select(device => device.Id), Is.EqualTo(new[] { "plc-0099" }));
        await Refused(StatusCode.InvalidArgument, "page_token", async () => await _operator.ListDevicesAsync(new ListDevicesRequest { PageToken = "%%" }));
        await Refused(StatusCode.InvalidArgument, "page_token", async () => await _operator.ListDevicesAsync(new ListDevicesRequest { PageToken = Convert.ToBase64String(new byte[300]) }));
        await Refused(StatusCode.InvalidArgument, "page_size", async () => await _operator.ListDevicesAsync(new ListDevicesRequest { PageSize = -1 }));
    }

    [Test]
    public async Task Claims_that_are_not_for_devices_are_dropped_counted_and_reported()
    {
        var request = new DecideRequest();
        request.Attributes["posture.risk"] = new AttributeValue { Integer = 0 };
        request.Attributes["key.protection"] = new AttributeValue { Text = "hsm" };
        request.Attributes["no.such.attribute"] = new AttributeValue { Text = "x" };
        await _device.DecideAsync(request);
        request.Attributes.Remove("key.protection");
        DecideResponse second = await _device.DecideAsync(request);

        GetRegistryStatusResponse status = await _operator.GetRegistryStatusAsync(new GetRegistryStatusRequest());

        Assert.That(second.Ignored.Single(ignored => ignored.Name == "posture.risk").Reason, Is.EqualTo(IgnoredReason.Provenance));
        Assert.That(status.DroppedClaims, Is.EquivalentTo(new Dictionary<string, ulong> { ["posture.risk"] = 2, ["key.protection"] = 1 }));
        Assert.That((status.Available, status.Devices, status.Fault), Is.EqualTo((true, 4L, "")));
    }

    private async Task<RotationOutcome> Rotation() => (await _device.DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single().Rotation;

    private static async Task<WatchResponse> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
        return watch.ResponseStream.Current;
    }

    private static async Task Refused(StatusCode status, string reason, Func<Task> call)
    {
        RpcException? refusal = await Assert.ThrowsAsync<RpcException>(call);
        Assert.That((refusal!.StatusCode, refusal.Status.Detail), Is.EqualTo((status, refusal.Status.Detail)));
        Assert.That(refusal.Status.Detail, Does.Contain(reason));
    }

    private static async Task<StatusCode> StatusOf(Func<Task> call)
    {
        try
        {
            await call();
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
