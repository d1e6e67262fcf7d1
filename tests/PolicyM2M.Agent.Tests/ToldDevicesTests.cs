using System.Collections.Concurrent;
using System.Globalization;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire.V1;
using DecisionKind = PolicyM2M.Engine.Vocabulary.DecisionKind;
using DecisionKinds = PolicyM2M.Engine.Vocabulary.DecisionKinds;

namespace PolicyM2M.Agent.Tests;

/// <summary>A real decision point, and a gateway of its site: what the registry comes to say of a device reaches the gateway, and nobody asks.</summary>
internal sealed class ToldDevicesTests
{
    private const string Device = "plc-0042";

    private readonly ConcurrentQueue<ClientEvent> _events = [];

    [Test]
    [CancelAfter(300_000)]
    public async Task A_change_of_the_registry_reaches_a_device_behind_a_gateway_without_a_question()
    {
        using var plant = new Plant();
        plant.Commit("""
            policy plant "By the state."
            cipher-suites { otherwise use { versions 1.3 suites TLS_AES_128_GCM_SHA256 fresh-for 1h usable-for 2h } }
            auth          { when lifecycle.state == "retired" deny "retired"  otherwise use { mutual required methods x509 fresh-for 1h usable-for 2h } }
            rotation      { otherwise use { lifetime 1d fresh-for 1h usable-for 2h } }
            """);
        string monitor = $"127.0.0.1:{Plant.FreePort()}";
        await plant.StartPdpAsync("--monitor", monitor);
        using var channel = plant.ChannelAs("operator");
        var devices = new DeviceService.DeviceServiceClient(channel);
        await devices.SetDeviceStateAsync(new SetDeviceStateRequest { Id = Device, State = DeviceState.Active });
        await using PolicyClient gateway = Gateway(plant);
        ClaimSet claims = gateway.Prepare(DeviceContext.Empty, Device);
        Assert.That((await gateway.DecideAsync(claims, DecisionKinds.All)).Select(decision => decision.Outcome.IsDenied), Is.All.False);

        // Whether it is watched already shows when a change is heard.
        for (int risk = 0; !_events.OfType<ClientEvent.DeviceChanged>().Any(changed => changed.Device == Device); risk = (risk + 1) % 90)
        {
            await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = Device, Risk = risk });
            await Task.Delay(100, TestContext.CurrentContext.CancellationToken);
        }
        long before = await CallsAsync(monitor);
        for (int risk = 95; risk < 100; risk++)
        {
            _events.Clear();
            await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = Device, Risk = risk });
            await ChangeAsync();
            Assert.That(DecisionKinds.All.Select(kind => gateway.TryDecide(kind, claims, out DeviceDecision decision) ? decision.Source : (DecisionSource?)null), Is.All.EqualTo(DecisionSource.Cached));
        }
        Assert.That(await CallsAsync(monitor), Is.EqualTo(before), "what is kept still holds by the statement that came");

        await devices.SetDeviceStateAsync(new SetDeviceStateRequest { Id = Device, State = DeviceState.Retired });
        while (gateway.TryDecide(DecisionKind.Auth, claims, out _))
            await Task.Delay(20, TestContext.CurrentContext.CancellationToken);
        Assert.That(gateway.TryDecide(DecisionKind.CipherSuites, claims, out _), Is.True, "only one rests on the state");
        Assert.That((await gateway.DecideAsync(claims, DecisionKinds.All))[1].Outcome.IsDenied, Is.True);
        Assert.That(await CallsAsync(monitor), Is.EqualTo(before + 1));
    }

    private PolicyClient Gateway(Plant plant) => PolicyClient.Connect(new PolicyClientOptions
    {
        Endpoint = plant.Address,
        CertificatePath = plant.Pki("gateway.pem"),
        KeyPath = plant.Pki("gateway-key.pem"),
        TrustPath = plant.Pki("ca.pem"),
        CachePath = plant.Pki("gateway-cache/decisions.m2mc"),
        OnEvent = _events.Enqueue,
    });

    private async Task ChangeAsync()
    {
        while (!_events.OfType<ClientEvent.DeviceChanged>().Any(changed => changed.Device == Device))
            await Task.Delay(20, TestContext.CurrentContext.CancellationToken);
    }

    /// <summary>How many answers the decision point has given.</summary>
    private static async Task<long> CallsAsync(string monitor)
    {
        using var http = new HttpClient();
        string page = await http.GetStringAsync($"http://{monitor}/metrics");
        return page.Split('\n').Where(line => line.StartsWith("policym2m_pdp_answers_total{", StringComparison.Ordinal))
            .Sum(line => (long)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }
}
