using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary>Real clients with emitted configurations, against servers that offer one thing: what the decision forbids is not taken, what it allows is.</summary>
internal sealed class ClientTests
{
    /// <summary>TLS 1.3 with one suite, one group and one scheme, so that each of them can be wrong alone.</summary>
    private static readonly NamedDecision Decision = new("one of each", Decisions.Of(["TLS1.3"], ["TLS_AES_256_GCM_SHA384"], ["x25519"], ["ecdsa_secp256r1_sha256"], noResumption: true));

    private static readonly string[] Allowed = ["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-groups", "X25519"];

    private static readonly string[][] Forbidden =
    [
        ["-tls1_2", "-groups", "X25519"],
        ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-groups", "X25519"],
        ["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-groups", "P-256"],
    ];

    private TestCredentials _credentials = null!;

    [OneTimeSetUp]
    public void MakeCredentials() => _credentials = new TestCredentials();

    [OneTimeTearDown]
    public void DropCredentials() => _credentials.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public async Task OpenSSL_takes_only_what_is_allowed(bool named)
    {
        using TemporaryFolder folder = RunningServer.Write(Emitter.Emit(StackKind.OpenSsl, _credentials.Client(), Decision.Outcome));
        string[] section = named ? ["-ssl_config", "policym2m"] : [];
        Assert.Multiple(async () =>
        {
            Assert.That(await IsIn(Allowed), Is.True);
            foreach (string[] offer in Forbidden)
                Assert.That(await IsIn(offer), Is.False, string.Join(' ', offer));
            Assert.That(await IsIn(Allowed, "rsa"), Is.False, "a signature of RSA");
        });

        async Task<bool> IsIn(string[] offer, string key = "ecdsa")
        {
            using RunningServer server = await PeerAsync(offer, key);
            return FinishedProcess.Run(RequiredProgram.OpenSsl.Require(), ["s_client", "-connect", $"127.0.0.1:{server.Port}", "-quiet", .. section],
                input: server.Question, environment: RunningServer.OpenSslConf(folder)).Output.Contains(server.Answer, StringComparison.Ordinal);
        }
    }

    [Test]
    public async Task nginx_takes_only_what_is_allowed_and_whom_it_can_judge()
    {
        Assert.That(await Passes(Allowed, "ecdsa"), Is.True);
        foreach (string[] offer in Forbidden)
            Assert.That(await Passes(offer, "ecdsa"), Is.False, string.Join(' ', offer));
        Assert.That(await Passes(Allowed, "rsa"), Is.False, "a signature of RSA");
        Assert.That(await Passes(Allowed, "stranger"), Is.False, "a certificate of another authority");
        Assert.That(await Passes(Allowed, "ecdsa", Decisions.Denied), Is.False, "a denial");

        async Task<bool> Passes(string[] offer, string key, Outcome? outcome = null)
        {
            using RunningServer peer = await PeerAsync(offer, key);
            using RunningServer proxy = await RunningServer.ProxyAsync(Emitter.Emit(StackKind.Nginx, _credentials.Client(), outcome ?? Decision.Outcome), peer.Port);
            using var client = new HttpClient();
            return (await client.GetAsync(new Uri($"http://127.0.0.1:{proxy.Port}/"))).IsSuccessStatusCode;
        }
    }

    [Test]
    public async Task A_mosquitto_bridge_takes_only_what_is_allowed_and_whom_it_can_judge()
    {
        Assert.That(await Connects(new("all", Decisions.Of(["TLS1.3"], ["TLS_AES_256_GCM_SHA384"], ["x25519"]))), Is.True);
        Assert.That(await Connects(new("suite", Decisions.Of(["TLS1.3"], ["TLS_AES_128_GCM_SHA256"], ["x25519"]))), Is.False, "suite");
        Assert.That(await Connects(new("group", Decisions.Of(["TLS1.3"], ["TLS_AES_256_GCM_SHA384"], ["secp256r1"]))), Is.False, "group");
        Assert.That(await Connects(new("version", Decisions.Of(["TLS1.2"], ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"], ["x25519", "secp256r1"]))), Is.False, "version");
        Assert.That(await Connects(new("all", Decisions.Of(["TLS1.3"], ["TLS_AES_256_GCM_SHA384"], ["x25519"])), "stranger"), Is.False, "a certificate of another authority");

        async Task<bool> Connects(NamedDecision other, string key = "ecdsa")
        {
            using RunningServer broker = await RunningServer.MosquittoAsync(port => Emitter.Emit(StackKind.Mosquitto,
                _credentials.Server(key) with { Port = port }, other.Outcome));
            return await RunningServer.BridgesAsync(Emitter.Emit(StackKind.Mosquitto, _credentials.Client() with { Port = broker.Port }, Decision.Outcome));
        }
    }

    /// <summary>A server that offers one thing, with no configuration of ours.</summary>
    private Task<RunningServer> PeerAsync(string[] offer, string key) => RunningServer.PeerAsync(["-cert", _credentials.Certificate(key), "-key", _credentials.Key(key), .. offer]);
}
