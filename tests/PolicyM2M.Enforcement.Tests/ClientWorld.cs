using System.Collections.Concurrent;
using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A device, its decision point, and a clock that the test moves.</summary>
internal sealed class ClientWorld : IAsyncDisposable
{
    private readonly TestCertificates _certificates;
    private readonly List<PolicyClient> _clients = [];

    public ClientWorld(string? serverName = null)
    {
        _certificates = new TestCertificates { Name = serverName };
        Script = new PdpScript(Time);
        Pdp = ScriptedPdp.Start(_certificates, Script);
    }

    public static DeviceContext Context { get; } = DeviceContext.Of(new Dictionary<string, AttributeValue>
    {
        ["device.type"] = AttributeValue.Of("plc"),
        ["shoe.size"] = AttributeValue.Of(43),
    });

    public ManualTime Time { get; } = new();

    /// <summary>What the machine says of its clock; another name is another start.</summary>
    public MachineState Machine { get; set; } = new("first start", () => false);

    public PdpScript Script { get; }

    public ScriptedPdp Pdp { get; set; }

    public ConcurrentQueue<ClientEvent> Events { get; } = [];

    public string CachePath => Path.Combine(_certificates.Folder, "cache", "decisions.m2mc");

    /// <summary>Another decision point of the same authority, with a script of its own.</summary>
    public ScriptedPdp Second(PdpScript script) => ScriptedPdp.Start(_certificates, script);

    /// <summary>Issues a device's certificate anew.</summary>
    public void Renew(string device) => _certificates.Device(device);

    public PolicyClient Connect(string device = "plc-1", string? keyOf = null, Func<PolicyClientOptions, PolicyClientOptions>? with = null)
    {
        PolicyClient client = PolicyClient.Connect((with ?? (options => options))(Options(device, keyOf)));
        _clients.Add(client);
        return client;
    }

    public PolicyClientOptions Options(string device = "plc-1", string? keyOf = null)
    {
        (string certificate, string key) = _certificates.Device(device);
        return new PolicyClientOptions
        {
            Endpoint = Pdp.Endpoint,
            CertificatePath = certificate,
            KeyPath = key,
            TrustPath = _certificates.TrustPath,
            CachePath = CachePath,
            CacheKeyPath = Path.Combine(_certificates.Folder, (keyOf ?? "plc-1") + ".cache-key"),
            CallTimeout = TimeSpan.FromSeconds(20),
            LongestPause = TimeSpan.FromMilliseconds(500),
            OnEvent = Events.Enqueue,
            Time = Time,
            Machine = Machine,
        };
    }

    public async Task<T> SeenAsync<T>(Func<T, bool>? matching = null)
        where T : ClientEvent
    {
        // The event itself is waited for; the bound only keeps a broken client from hanging the suite.
        for (int i = 0; i < 1500; i++)
        {
            if (Events.OfType<T>().FirstOrDefault(matching ?? (_ => true)) is { } seen)
                return seen;
            await Task.Delay(20);
        }
        throw new AssertionException($"no {typeof(T).Name} among {string.Join(", ", Events)}");
    }

    public static async Task<DecisionSource> SourceAsync(PolicyClient client) => (await client.DecideAsync(Context)).Select(decision => decision.Source).Distinct().Single();

    public async Task<ImmutableArray<DeviceDecision>> OfflineAfterAsync(PolicyClient client, TimeSpan elapsed)
    {
        await Pdp.KillAsync();
        Time.Advance(elapsed);
        return await client.DecideAsync(Context);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PolicyClient client in _clients)
            await client.DisposeAsync();
        await Pdp.DisposeAsync();
        _certificates.Dispose();
    }
}
