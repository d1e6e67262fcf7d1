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
        Assert.That((await Rotation(_here)).RotateNow, Is.False);
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
