using Grpc.Core;
using Grpc.Health.V1;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Two decision points on one PostgreSQL registry, and what they do without it.</summary>
[TestFixture]
[CancelAfter(240_000)]
public sealed class RegistryReplicaTests
{
    private TemporaryPostgres _postgres = null!;
    private TemporaryFolder _folder = null!;
    private RunningPdp _here = null!, _there = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _postgres = new TemporaryPostgres();
        _folder = new TemporaryFolder();
        string file = _folder.Write("connection", _postgres.CreateDatabase() + "\n");
        PdpOptions OnPostgres(PdpOptions options) => options with { RegistryDb = $"postgres-file:{file}", RegistryGrace = TimeSpan.FromSeconds(2) };
        _here = await RunningPdp.StartAsync(change: OnPostgres);
        _there = await RunningPdp.StartAsync(change: OnPostgres);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        _folder.Dispose();
        _postgres.Dispose();
    }

    [Test]
    public async Task A_change_on_one_is_seen_in_the_decisions_and_watches_of_the_other()
    {
        using AsyncServerStreamingCall<WatchResponse> watch = _there.DecisionsAs("device").Watch(new WatchRequest());
        await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);

        Device changed = (await _here.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 80 })).Device;

        await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        Assert.That(watch.ResponseStream.Current.DeviceVersion, Is.EqualTo(changed.Version));
        Assert.That((await Rotation(_there)).RotateNow, Is.True);
        Assert.That((await Rotation(_here)).RotateNow, Is.True);

        await _there.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 20 });
        await RunningPdp.Eventually(() => Rotation(_here), rotation => !rotation.RotateNow);
    }

    [Test]
    public async Task Without_the_database_the_strictest_applies_and_with_it_all_is_as_before()
    {
        await RunningPdp.Eventually(() => Rotation(_here), rotation => !rotation.RotateNow);
        DeviceService.DeviceServiceClient devices = _here.DevicesAs("operator");
        DecisionService.DecisionServiceClient gateway = _here.DecisionsAs("gateway");
        using AsyncServerStreamingCall<WatchResponse> watch = _here.DecisionsAs("device").Watch(new WatchRequest());
        await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        ulong version = watch.ResponseStream.Current.DeviceVersion;

        _postgres.Stop();
        await RunningPdp.Eventually(() => Rotation(_here), rotation => rotation.RotateNow);

        GetRegistryStatusResponse status = await devices.GetRegistryStatusAsync(new GetRegistryStatusRequest());
        Assert.That((status.Available, status.Devices, status.Fault.Length > 0), Is.EqualTo((false, 0L, true)));
        Assert.That(_here.Log.Lines, Has.Some.StartsWith("Error: the registry cannot be reached: postgres:127.0.0.1/test1: "));
        Assert.That(await StatusOf(async () => await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "plc-0042", Risk = 1 })), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await StatusOf(async () => await devices.GetDeviceAsync(new GetDeviceRequest { Id = "plc-0042" })), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await StatusOf(async () => await gateway.DecideAsync(new DecideRequest { DeviceId = "sensor-1" })), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(_here.Log.Lines, Has.None.Contains("it asked about sensor-1"), "not known is not denied");
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream = gateway.DecideStream();
        Assert.That((StatusCode)(await Next(stream, "sensor-1")).Fault.Code, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await Next(stream, "")).Response.Decisions, Has.Count.EqualTo(3), "one device is no reason to leave the others without an answer");
        HealthCheckResponse health = await new Health.HealthClient(_here.ChannelOf("device")).CheckAsync(new HealthCheckRequest());
        Assert.That(health.Status, Is.EqualTo(HealthCheckResponse.Types.ServingStatus.NotServing), "another replica may still have the registry");
        await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        Assert.That(watch.ResponseStream.Current.DeviceVersion, Is.Zero);

        _postgres.Start();
        await RunningPdp.Eventually(() => Rotation(_here), rotation => !rotation.RotateNow);
        await watch.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        Assert.That(watch.ResponseStream.Current.DeviceVersion, Is.EqualTo(version));
        await RunningPdp.Eventually(() => Rotation(_there), rotation => !rotation.RotateNow);
    }

    [Test]
    public async Task Who_is_revoked_stays_so_without_the_database_also_after_a_start_without_it()
    {
        DeviceService.DeviceServiceClient devices = _here.DevicesAs("operator");
        Task<StatusCode> DeviceOf(RunningPdp pdp) => StatusOf(async () => await pdp.DecisionsAs("device").DecideAsync(new DecideRequest()));
        Task<StatusCode> GatewayOf(RunningPdp pdp, string device) => StatusOf(async () => await pdp.DecisionsAs("gateway").DecideAsync(new DecideRequest { DeviceId = device }));
        await devices.RevokeDeviceAsync(new RevokeDeviceRequest { Id = "plc-0042", Reason = "stolen" });
        await RunningPdp.Eventually(() => DeviceOf(_there), status => status == StatusCode.PermissionDenied);
        try
        {
            _postgres.Stop();
            await RunningPdp.Eventually(() => GatewayOf(_here, "sensor-1"), status => status == StatusCode.Unavailable);
            Assert.That((await DeviceOf(_here), await GatewayOf(_here, "plc-0042")), Is.EqualTo((StatusCode.PermissionDenied, StatusCode.PermissionDenied)));

            await _there.StopServerAsync();
            await _there.StartServerAsync(_there.Options() with { RegistryDb = $"postgres-file:{_folder["connection"]}", RegistryGrace = TimeSpan.FromSeconds(2) });
            Assert.That((await DeviceOf(_there), await GatewayOf(_there, "sensor-1")), Is.EqualTo((StatusCode.PermissionDenied, StatusCode.Unavailable)));
        }
        finally
        {
            _postgres.Start();
        }

        await RunningPdp.Eventually(() => StatusOf(async () => await devices.ReinstateDeviceAsync(new ReinstateDeviceRequest { Id = "plc-0042", Reason = "found" })), status => status == StatusCode.OK);
        foreach (RunningPdp pdp in new[] { _here, _there })
        {
            await RunningPdp.Eventually(() => DeviceOf(pdp), status => status == StatusCode.OK);
            // It is kept a moment after it counts.
            await RunningPdp.Eventually(() => File.ReadAllTextAsync(pdp.Data.Revoked), text => text.EndsWith("\"revoked\":[],\"held\":[]}\n", StringComparison.Ordinal));
        }
    }

    private static async Task<DecideStreamResponse> Next(AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream, string device)
    {
        await stream.RequestStream.WriteAsync(new DecideStreamRequest { Request = new DecideRequest { DeviceId = device } });
        Assert.That(await stream.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken));
        return stream.ResponseStream.Current;
    }

    private static async Task<RotationOutcome> Rotation(RunningPdp pdp) =>
        (await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single().Rotation;

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
