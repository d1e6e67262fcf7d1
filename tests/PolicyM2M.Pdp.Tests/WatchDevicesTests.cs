using Grpc.Core;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;
using Call = Grpc.Core.AsyncDuplexStreamingCall<PolicyM2M.Wire.V1.WatchDevicesRequest, PolicyM2M.Wire.V1.WatchDevicesResponse>;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A gateway hears of all its devices over one call.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class WatchDevicesTests
{
    /// <summary>So many calls a second that all devices of a watch are added at once.</summary>
    private const int FastEnough = 100_000;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Each_is_told_at_once_and_then_only_what_concerns_it_until_it_is_removed()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using Call call = await Watch(pdp, "plc-0042", "sensor-1");
        WatchDevicesResponse[] first = await Next(call, 2);
        Assert.That(first.Select(told => (told.DeviceId, told.News.Revision.CommitId)), Is.EqualTo(new[] { ("plc-0042", pdp.Git.Head), ("sensor-1", pdp.Git.Head) }));

        ulong version = await Risk(pdp, "sensor-1", 10);
        WatchDevicesResponse changed = await Next(call);
        Assert.That((changed.DeviceId, changed.News.DeviceVersion), Is.EqualTo(("sensor-1", version)));
        pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Assert.That((await Next(call, 2)).Select(told => (told.DeviceId, told.News.Revision.CommitId)), Is.EquivalentTo(new[] { ("plc-0042", pdp.Git.Head), ("sensor-1", pdp.Git.Head) }));

        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Removed = { "sensor-1" }, Added = { "plc-0042", "gw-plant7" } }, Cancel);
        Assert.That((await Next(call)).DeviceId, Is.EqualTo("gw-plant7"), "the other is watched as before");
        await Risk(pdp, "sensor-1", 20);
        await Risk(pdp, "plc-0042", 30);
        Assert.That((await Next(call)).DeviceId, Is.EqualTo("plc-0042"));
        await call.RequestStream.CompleteAsync();
        Assert.That(await call.ResponseStream.MoveNext(Cancel), Is.False);
    }

    [Test]
    public async Task A_change_comes_with_the_statement_of_the_device()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using Call call = await Watch(pdp, "plc-0042", "sensor-1");
        Assert.That((await Next(call, 2)).Select(told => told.News.Statement), Is.All.Null, "there is no decision that one would count for");
        DecideRequest request = new() { DeviceId = "plc-0042", Form = DecisionForm.Signed, Attributes = { ["firmware.version"] = new AttributeValue { Text = "2.4.0" } } };
        await pdp.DecisionsAs("gateway").DecideAsync(request, cancellationToken: Cancel);

        await Risk(pdp, "plc-0042", 50);
        DeviceStatement told = DeviceStatement.Parser.ParseFrom((await Next(call)).News.Statement.Payload);
        Assert.That((told.DeviceId, told.Attributes.Single(value => value.Name == "posture.risk").Value.Integer), Is.EqualTo(("plc-0042", 50L)));

        await Risk(pdp, "sensor-1", 40);
        WatchDevicesResponse other = await Next(call);
        DeviceStatement ofOther = DeviceStatement.Parser.ParseFrom(other.News.Statement.Payload);
        Assert.That((other.DeviceId, ofOther.DeviceId), Is.EqualTo(("sensor-1", "sensor-1")), "what the gateway got about one holds for all in its region");
        Assert.That(ofOther.ValidUntil - ofOther.IssuedAt, Is.EqualTo(told.ValidUntil - told.IssuedAt));
    }

    [Test]
    public async Task One_that_it_may_not_watch_or_no_longer_says_so_and_the_others_go_on()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using Call call = await Watch(pdp, "plc-0099", "not a device", "", "plc-0042", "sensor-1");
        Assert.That((await Next(call, 5)).Select(told => (told.DeviceId, Code(told))), Is.EqualTo(new[]
        {
            ("plc-0099", StatusCode.PermissionDenied), ("not a device", StatusCode.InvalidArgument), ("", StatusCode.InvalidArgument), ("plc-0042", StatusCode.OK), ("sensor-1", StatusCode.OK),
        }));

        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" }, cancellationToken: Cancel);
        WatchDevicesResponse revoked = await Next(call);
        Assert.That((revoked.DeviceId, Code(revoked), revoked.Fault.Message), Is.EqualTo(("plc-0042", StatusCode.PermissionDenied, "plc-0042 is revoked")));
        Assert.That(pdp.Log.Lines, Has.Some.StartsWith("Warning: denied /policym2m.v1.DecisionService/WatchDevices to spiffe://dev.policym2m.example/gateway/gw-plant7: it asked about plc-0042"));
        await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = "sensor-1", Site = "plant-9" }, cancellationToken: Cancel);
        WatchDevicesResponse moved = await Next(call);
        Assert.That((moved.DeviceId, Code(moved)), Is.EqualTo(("sensor-1", StatusCode.PermissionDenied)));

        // Neither is watched any more: what changes of them is not told before they are added again.
        await Risk(pdp, "sensor-1", 30);
        await devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" }, cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { "plc-0042" } }, Cancel);
        WatchDevicesResponse again = await Next(call);
        Assert.That((again.DeviceId, Code(again)), Is.EqualTo(("plc-0042", StatusCode.OK)));
    }

    [Test]
    public async Task It_ends_where_its_caller_is_revoked_and_where_the_server_ends()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        using Call revoked = await Watch(pdp, "plc-0042");
        await Next(revoked);
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "gw-plant7", Reason = "stolen" }, cancellationToken: Cancel);
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => Next(revoked)))!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));

        await devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "gw-plant7", Reason = "found" }, cancellationToken: Cancel);
        using Call ended = await Watch(pdp, "plc-0042");
        await Next(ended);
        Task stopping = pdp.StopServerAsync();
        StatusCode told = (await Assert.ThrowsAsync<RpcException>(() => Next(ended)))!.StatusCode;
        // A call whose caller may still write is over for HttpClient only once both have ended: where the connection closes before the last word is read it is lost, and Grpc.Net.Client says INTERNAL. Devices take either
        // for a decision point that is away.
        Assert.That(told, Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal));
        await stopping;
    }

    [Test]
    public async Task While_the_registry_is_away_nothing_is_told_of_devices_that_nobody_knows_to_be_its_own()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        File.WriteAllText(pdp.Data.RegistryDatabase, "no database");
        await pdp.StartServerAsync();
        using Call call = await Watch(pdp, "plc-0042", "gw-plant7");
        WatchDevicesResponse itself = await Next(call);
        Assert.That((itself.DeviceId, itself.News.DeviceVersion), Is.EqualTo(("gw-plant7", 0UL)));

        File.Delete(pdp.Data.RegistryDatabase);
        Assert.That((await Next(call, 2)).Select(told => (told.DeviceId, told.News.DeviceVersion > 0)), Is.EquivalentTo(new[] { ("plc-0042", true), ("gw-plant7", true) }));
    }

    [Test]
    public async Task So_many_are_watched_over_one_call_and_no_more()
    {
        await using RunningPdp pdp = await StartWithManyAsync(new CallLimits { Rate = FastEnough });
        using Call call = await Watch(pdp, [.. Devices(WatchedDevices.Most)]);
        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { Devices(WatchedDevices.Most + 1).Last() } }, Cancel);
        WatchDevicesResponse[] told = await Next(call, WatchedDevices.Most + 1);
        Assert.That(told.Count(one => one.News is not null), Is.EqualTo(WatchedDevices.Most));
        Assert.That(Code(told[^1]), Is.EqualTo(StatusCode.ResourceExhausted));

        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { Enumerable.Repeat("plc-0042", WatchedDevices.Most + 1) } }, Cancel);
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => Next(call)))!.StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
    }

    [Test]
    public async Task A_change_is_told_before_the_rest_of_what_was_added_to_a_reader_that_does_not_keep_up()
    {
        await using RunningPdp pdp = await StartWithManyAsync(new CallLimits { Rate = FastEnough });
        using Call call = await Watch(pdp, "dev-0");
        await Next(call);
        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { Devices(WatchedDevices.Most).Skip(1) } }, Cancel);
        Assert.That((await Next(call)).DeviceId, Is.EqualTo("dev-1"), "the round has begun, and nothing more of it is read");

        ulong version = await Risk(pdp, "dev-0", 70);
        Assert.That(await Until(call, "dev-0", version), Is.LessThan(WatchedDevices.Most - 2), "those that remain come after it");
    }

    [Test]
    public async Task A_change_is_told_before_the_rest_of_a_round_for_a_revision_to_a_reader_that_does_not_keep_up()
    {
        await using RunningPdp pdp = await StartWithManyAsync(new CallLimits { Rate = FastEnough });
        using Call call = await Watch(pdp, [.. Devices(WatchedDevices.Most)]);
        string last = (await Next(call, WatchedDevices.Most))[^1].DeviceId;
        pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        Assert.That((await Next(call)).News.Revision.CommitId, Is.EqualTo(pdp.Git.Head), "the round has begun, and nothing more of it is read");

        ulong version = await Risk(pdp, last, 70);
        Assert.That(await Until(call, last, version), Is.LessThan(WatchedDevices.Most - 2), "it was to be the last of the round");
    }

    [Test]
    public async Task While_what_was_added_waits_for_its_reader_it_holds_no_place_among_the_calls()
    {
        // One call of each caller at a time.
        await using RunningPdp pdp = await StartWithManyAsync(new CallLimits { Rate = FastEnough, Calls = 16 });
        using Call call = await Watch(pdp, [.. Devices(WatchedDevices.Most)]);
        await Next(call);
        Assert.That((await pdp.DecisionsAs("gateway").DecideAsync(new DecideRequest(), cancellationToken: Cancel)).Decisions, Has.Count.EqualTo(3));
        Assert.That(await Next(call, WatchedDevices.Most - 1), Has.Length.EqualTo(WatchedDevices.Most - 1), "it goes on");
    }

    [Test]
    public async Task A_gateway_that_another_roles_file_calls_otherwise_is_watched_under_its_name_of_now()
    {
        const string Other = "gw.gw-plant7";
        const string Roles = """
            { "roles": [
              { "match": "spiffe://dev.policym2m.example/gateway/{name}", "role": "gateway", "name": "gw.{name}" },
              { "match": "spiffe://dev.policym2m.example/operator/{name}", "role": "operator" }
            ] }
            """;
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        await devices.UpsertDeviceAsync(new UpsertDeviceRequest { Id = Other, Site = "plant-7" }, cancellationToken: Cancel);
        using Call call = await Watch(pdp, "plc-0042");
        using AsyncServerStreamingCall<WatchResponse> single = pdp.DecisionsAs("gateway").Watch(new WatchRequest { DeviceId = "plc-0042" }, cancellationToken: Cancel);
        Assert.That(((await Next(call)).DeviceId, await single.ResponseStream.MoveNext(Cancel)), Is.EqualTo(("plc-0042", true)));

        File.WriteAllText(pdp.Data.Roles, Roles);
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Log.Lines), lines => lines.Any(line => line.Contains("callers have their roles by", StringComparison.Ordinal)));
        ulong version = await Risk(pdp, "plc-0042", 30);
        Assert.That((await Next(call)).News.DeviceVersion, Is.EqualTo(version), "it is of the same site");
        Assert.That((await single.ResponseStream.MoveNext(Cancel), single.ResponseStream.Current.DeviceVersion), Is.EqualTo((true, version)));

        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = Other, Reason = "stolen" }, cancellationToken: Cancel);
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => Next(call)))!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => single.ResponseStream.MoveNext(Cancel)))!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
    }

    [Test]
    public async Task Each_device_that_is_added_is_paid_for_as_a_call_and_what_is_beyond_the_rate_waits()
    {
        const int Burst = 4;
        var time = new ManualTime();
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        await pdp.StartServerAsync(pdp.Options() with { Callers = new() { Limits = new CallLimits { Rate = Burst / 2 } } }, time);
        using Call call = await Watch(pdp, "plc-0042", "sensor-1", "gw-plant7", "plc-0099");
        // The call, its message, and two devices.
        Assert.That((await Next(call, 2)).Select(told => told.DeviceId), Is.EqualTo(new[] { "plc-0042", "sensor-1" }));
        RpcException? beyond = await Assert.ThrowsAsync<RpcException>(async () => await pdp.DecisionsAs("gateway").DecideAsync(new DecideRequest(), cancellationToken: Cancel));
        Assert.That(beyond!.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await Next(call, 2)).Select(told => told.DeviceId), Is.EqualTo(new[] { "gw-plant7", "plc-0099" }));
    }

    /// <summary>A server that knows one device more than are watched over one call, all of them at the site of the gateway.</summary>
    private static Task<RunningPdp> StartWithManyAsync(CallLimits limits)
    {
        string devices = string.Join(", ", Devices(WatchedDevices.Most + 1).Prepend("gw-plant7").Select(id => $"\"{id}\": {{ \"location.site\": \"plant-7\" }}"));
        return RunningPdp.StartAsync($"{{ \"devices\": {{ {devices} }} }}", options => options with { Callers = new() { Limits = limits } });
    }

    private static IEnumerable<string> Devices(int count) => Enumerable.Range(0, count).Select(number => $"dev-{number}");

    /// <summary>Reads on until a device is told with a version; how many others were told before.</summary>
    private static async Task<int> Until(Call call, string device, ulong version)
    {
        for (int others = 0; ; others++)
        {
            if (await Next(call) is { News.DeviceVersion: var told } next && next.DeviceId == device && told == version)
                return others;
        }
    }

    private static async Task<Call> Watch(RunningPdp pdp, params string[] devices)
    {
        Call call = pdp.DecisionsAs("gateway").WatchDevices(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { devices } }, Cancel);
        return call;
    }

    private static async Task<ulong> Risk(RunningPdp pdp, string device, int risk) =>
        (await pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = device, Risk = risk }, cancellationToken: Cancel)).Device.Version;

    private static StatusCode Code(WatchDevicesResponse told) => (StatusCode)(told.Fault?.Code ?? 0);

    private static async Task<WatchDevicesResponse[]> Next(Call call, int count)
    {
        var told = new List<WatchDevicesResponse>();
        while (told.Count < count)
            told.Add(await Next(call));
        return [.. told];
    }

    private static async Task<WatchDevicesResponse> Next(Call call)
    {
        Assert.That(await call.ResponseStream.MoveNext(Cancel), Is.True);
        return call.ResponseStream.Current;
    }
}
