using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Auditing.Export;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The real server in this process: real Kestrel, real mutual TLS, a real repository, a data folder of its own.</summary>
internal sealed class RunningPdp : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly List<IDisposable> _open = [];
    private readonly ConcurrentDictionary<(string Name, string Address), PolicyService.PolicyServiceClient> _policies = new();
    private WebApplication? _server;

    private RunningPdp()
    {
    }

    public TemporaryGitRepository Git { get; } = new();

    public RecordedLog Log { get; } = new();

    public StringWriter Console { get; } = new();

    public DataFolder Data => new(_data["data"]);

    public WebApplication Server => _server ?? throw new InvalidOperationException("the server is not running");

    public bool IsRunning => _server is not null;

    public string Address => Server.Urls.Single();

    /// <summary>What the server records.</summary>
    public AuditTrail Trail => Server.Services.GetRequiredService<AuditTrail>();

    /// <summary>What it sends of that to a collector.</summary>
    public AuditExport Export => Server.Services.GetRequiredService<AuditExport>();

    /// <summary>What the server says of its own health.</summary>
    public async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync() => (await new Health.HealthClient(ChannelOf("device")).CheckAsync(new HealthCheckRequest())).Status;

    /// <summary>Everything but the server.</summary>
    public static RunningPdp Prepare() => new();

    /// <summary>A server that serves the test policies, with a registry.</summary>
    /// <param name="registry">The devices that an empty registry begins with.</param>
    /// <param name="change">Other options than the usual.</param>
    public static async Task<RunningPdp> StartAsync(string registry = TestRegistry.Json, Func<PdpOptions, PdpOptions>? change = null)
    {
        var pdp = new RunningPdp();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(registry);
        await pdp.StartServerAsync(change?.Invoke(pdp.Options()));
        return pdp;
    }

    public PdpOptions Options(string listen = "127.0.0.1:0") =>
        new(Git.Path, "HEAD", "policies", IPEndPoint.Parse(listen), Data.Path, TimeSpan.FromMilliseconds(100));

    public async Task StartServerAsync(PdpOptions? options = null, TimeProvider? clock = null) =>
        _server = await Program.StartAsync(options ?? Options(), clock ?? TimeProvider.System, Console, Log.AddTo);

    /// <summary>Stops the server as Ctrl+C does.</summary>
    public async Task StopServerAsync()
    {
        await Server.StopAsync();
        await Server.DisposeAsync();
        _server = null;
    }

    public void WriteRegistry(string json)
    {
        PrivateFile.CreateFolder(Data.Path);
        PrivateFile.Replace(Data.Registry, json);
    }

    /// <summary>A channel of a caller whose development certificate the server made.</summary>
    public GrpcChannel ChannelOf(string name)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(Data.Certificate(name), Data.Key(name));
        _open.Add(certificate);
        return Channel(certificate);
    }

    /// <summary>A channel of a caller with this certificate, or with none.</summary>
    public GrpcChannel Channel(X509Certificate2? certificate)
    {
        GrpcChannel channel = Channel(Data, Address, certificate);
        _open.Add(channel);
        return channel;
    }

    /// <summary>A channel to a server of that data folder, whoever runs it.</summary>
    public static GrpcChannel Channel(DataFolder data, string address, X509Certificate2? certificate) =>
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = Handler(data, certificate), DisposeHttpClient = true });

    /// <summary>What speaks HTTP to a server of that data folder.</summary>
    public static SocketsHttpHandler Handler(DataFolder data, X509Certificate2? certificate)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(data.Certificate("ca"));
        var tls = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = trust,
            // Chosen here and not by the issuers the server names: a client may well send what nobody asked for.
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
        };
        return new SocketsHttpHandler { SslOptions = tls, ConnectTimeout = TimeSpan.FromSeconds(30) };
    }

    public DecisionService.DecisionServiceClient DecisionsAs(string name) => new(ChannelOf(name));

    public DeviceService.DeviceServiceClient DevicesAs(string name) => new(ChannelOf(name));

    /// <summary>The same for one server each time: who asks again and again until a commit is active would have more connections than one identity may.</summary>
    public PolicyService.PolicyServiceClient PoliciesAs(string name) => _policies.GetOrAdd((name, Address), _ => new PolicyService.PolicyServiceClient(ChannelOf(name)));

    /// <summary>Asks again until the answer is as it should be; the test fails by its own timeout where it never is.</summary>
    public static async Task<T> Eventually<T>(Func<Task<T>> ask, Func<T, bool> isSo)
    {
        while (true)
        {
            T answer = await ask();
            if (isSo(answer))
                return answer;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.CurrentContext.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _open.ForEach(open => open.Dispose());
        if (_server is not null)
            await StopServerAsync();
        Git.Dispose();
        _data.Dispose();
    }
}
