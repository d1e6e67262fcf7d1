using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Grpc.Net.Client;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests;

/// <summary>Everything for real: a Git repository made with git, the decision point and the agent as processes, mutual TLS between them.</summary>
internal sealed class Plant : IDisposable
{
    private const string Manifest = "name: test-plant\nattributes: device.attributes.yaml\npolicies: [plant.m2m]\n";

    private const string Attributes = """
        attributes:
          device.type:      { type: enum, values: [plc, sensor], provenance: claimed, description: The kind of device. }
          firmware.version: { type: version, provenance: claimed, description: The firmware. }
          credential.issued-at: { type: instant, provenance: claimed, description: When the credential was issued. }
          location.site:    { type: string, provenance: registry, description: Where it is. }
          lifecycle.state:  { type: enum, values: [active, retired], provenance: registry, description: Where it is in its life. }
        """;

    private readonly TemporaryGitRepository _policies = new();
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort();
    private readonly List<RunningProcess> _processes = [];

    /// <param name="more">How many devices there are besides those of the development credentials, all at the gateway's site.</param>
    public Plant(int more = 0)
    {
        // By this test's own schema: the development registry speaks of more.
        IEnumerable<string> devices = [.. new[] { "gw-plant7", "plc-0042", "sensor-2001" }, .. Enumerable.Range(0, more).Select(DeviceName)];
        string entries = string.Join(", ", devices.Select(device => $$""" "{{device}}": { "location.site": "plant-7" }"""));
        _folder.Write("data/devices.json", $$"""{ "devices": { {{entries}} } }""");
        _policies.Commit("begin", [("policies/policyset.yaml", Manifest), ("policies/device.attributes.yaml", Attributes), ("policies/plant.m2m", Policy("TLS_AES_128_GCM_SHA256"))]);
    }

    /// <summary>What one of the other devices is called.</summary>
    public static string DeviceName(int number) => $"dev-{number:0000}";

    public string Head => _policies.Head;

    /// <summary>A policy whose windows are seconds, so that a test sees them end.</summary>
    public static string Policy(string suite, int freshSeconds = 6, int usableSeconds = 14)
    {
        string windows = $"fresh-for {freshSeconds}s usable-for {usableSeconds}s";
        return $$"""
            policy plant "Windows of seconds."
            cipher-suites { otherwise use { versions 1.3 suites {{suite}} {{windows}} } }
            auth          { otherwise use { mutual required methods x509 {{windows}} } }
            rotation      { otherwise use { lifetime 1d {{windows}} } }
            """;
    }

    public string Commit(string policy) => _policies.Commit("change", [("policies/plant.m2m", policy)]);

    /// <summary>Commits a policy and a schema that does not know an attribute.</summary>
    public string CommitWithout(string attribute, string policy)
    {
        string known = string.Join('\n', Attributes.Split('\n').Where(line => !line.Contains($"{attribute}:", StringComparison.Ordinal)));
        return _policies.Commit("change", [("policies/device.attributes.yaml", known), ("policies/plant.m2m", policy)]);
    }

    /// <summary>Where the decision point is asked.</summary>
    public Uri Address => new($"https://127.0.0.1:{_port}");

    /// <summary>Starts the decision point.</summary>
    /// <param name="more">More of its options.</param>
    public async Task<RunningProcess> StartPdpAsync(params string[] more)
    {
        RunningProcess pdp = Start("PdpAssembly", ["--git", _policies.Path, "--path", "policies", "--listen", $"127.0.0.1:{_port}", "--data", _folder["data"], "--poll", "1", .. more]);
        // It reads its registry beside that, and whose devices it does not know yet it refuses.
        string first = await pdp.NextLineAsync(line => IsListening(line) || IsRegistry(line), "address to listen on, and registry");
        await pdp.NextLineAsync(IsListening(first) ? IsRegistry : IsListening, "address to listen on, and registry");
        return pdp;
    }

    /// <summary>Where programs of the gateway ask its daemon.</summary>
    public string Socket => _folder["agent.sock"];

    /// <summary>The configuration of its daemon, once that was started.</summary>
    public string Configuration => _folder["agent.json"];

    /// <summary>Where its daemon keeps what it must not lose.</summary>
    public string State => _folder["gateway"];

    /// <summary>Starts a daemon as the gateway of plant 7.</summary>
    /// <param name="start">How the agent is started.</param>
    /// <param name="more">More of its configuration, JSON.</param>
    /// <param name="callers">Who may ask; without it, this user about the gateway and plc-0042.</param>
    public RunningProcess StartGateway(ProgramStart start, string more = "\"interval\": 30", string? callers = null)
    {
        string configuration = _folder.Write("agent.json", $$"""
            {
              "pdp": ["https://127.0.0.1:{{_port}}"], "certificate": "{{Pki("gateway.pem")}}", "key": "{{Pki("gateway-key.pem")}}", "trust": "{{Pki("ca.pem")}}",
              "state": "{{State}}", "socket": { "path": "{{Socket}}", "mode": "600" }, "claims": { "device.type": "plc" },
              "callers": {{callers ?? $$"""[ { "user": "{{SystemAccounts.Own()}}", "devices": ["self", "plc-0042"] } ]"""}},
              {{more}}
            }
            """);
        RunningProcess process = RunningProcess.Start(start.Program, [.. start.Arguments, "run", "--config", configuration], _folder.Path);
        _processes.Add(process);
        return process;
    }

    /// <summary>A program of the gateway.</summary>
    public LocalClient LocalClient() => new(Socket);

    /// <summary>A file of the development credentials that the decision point made.</summary>
    public string Pki(string file) => Path.Combine(_folder["data"], "pki", file);

    public RunningProcess StartAgent(params string[] more) => Start("AgentAssembly", [.. AgentArguments, .. more]);

    /// <summary>The next decision of the agent about cipher suites that <paramref name="matches"/>.</summary>
    public static async Task<JsonElement> NextAsync(RunningProcess agent, string what, Func<JsonElement, bool> matches)
    {
        JsonElement found = default;
        await agent.NextLineAsync(line =>
        {
            if (!line.StartsWith('{'))
                return false;
            found = JsonDocument.Parse(line).RootElement;
            return found.TryGetProperty("kind", out JsonElement kind) && kind.GetString() == "cipher-suites" && matches(found);
        }, what);
        return found;
    }

    /// <summary>The decision point's status, asked for with the operator's certificate.</summary>
    public async Task<GetStatusResponse> StatusAsync()
    {
        using GrpcChannel channel = ChannelAs("operator");
        return await new PolicyService.PolicyServiceClient(channel).GetStatusAsync(new GetStatusRequest());
    }

    /// <summary>A way to the decision point with one of the development credentials.</summary>
    public GrpcChannel ChannelAs(string who)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(Pki($"{who}.pem"), Pki($"{who}-key.pem")), authority = X509CertificateLoader.LoadCertificateFromFile(Pki("ca.pem"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(authority);
        return GrpcChannel.ForAddress($"https://127.0.0.1:{_port}", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler { SslOptions = { ClientCertificates = [certificate], CertificateChainPolicy = trust } },
        });
    }

    public void Dispose()
    {
        foreach (RunningProcess process in _processes)
            process.Dispose();
        _policies.Dispose();
        _folder.Dispose();
    }

    private string[] AgentArguments =>
    [
        "--pdp", $"https://127.0.0.1:{_port}", "--cert", Pki("device.pem"), "--key", Pki("device-key.pem"), "--ca", Pki("ca.pem"),
        "--cache", _folder["agent"], "--json",
    ];

    private RunningProcess Start(string assembly, params string[] arguments)
    {
        string path = typeof(Plant).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == assembly).Value!;
        RunningProcess process = RunningProcess.Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [path, .. arguments], _folder.Path);
        _processes.Add(process);
        return process;
    }

    private bool IsListening(string line) => line.Contains($"listening on https://127.0.0.1:{_port}", StringComparison.Ordinal);

    private static bool IsRegistry(string line) => line.Contains("the registry ", StringComparison.Ordinal) && line.Contains(" holds ", StringComparison.Ordinal);

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
