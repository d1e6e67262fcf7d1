using PolicyM2M.Emitters.Names;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary>
/// Real servers with emitted configurations: whoever offers only what the decision forbids is refused, and whoever offers something that it allows gets in, unless the configuration's losses say that
/// this is lost. OpenSSL is the 3.0 of Debian 12.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[TestFixture("openssl")]
[TestFixture("nginx")]
[TestFixture("mosquitto")]
internal sealed class ServerTests(string stack)
{
    /// <summary>Each decision with a key on P-256, and with one of RSA too where TLS 1.2 has suites for it.</summary>
    private static IEnumerable<(NamedDecision Decision, string Key)> Cases => Decisions.All.SelectMany(decision =>
        decision.Allows("TLS1.2") && RsaSuites.Any(suite => decision.Allows("TLS1.2", suite)) ? new[] { (decision, "ecdsa"), (decision, "rsa") } : [(decision, "ecdsa")]);

    private static readonly string[] Versions = ["TLS1.1", "TLS1.2", "TLS1.3"];
    private static readonly string[] Tls13Suites =
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"];
    private static readonly string[] EcdsaSuites =
    [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    ];
    private static readonly string[] RsaSuites =
    [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    ];
    private static readonly string[] Groups = ["x25519", "x448", "secp256r1", "secp384r1", "brainpoolP256r1", "ffdhe3072"];
    private static readonly string[] EcdsaSchemes = ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"];
    private static readonly string[] RsaSchemes = ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256"];

    private readonly StackKind _stack = StackKinds.Find(stack)!.Value;
    private TestCredentials _credentials = null!;

    [OneTimeSetUp]
    public void MakeCredentials() => _credentials = new TestCredentials();

    [OneTimeTearDown]
    public void DropCredentials() => _credentials.Dispose();

    [Test]
    public async Task Only_what_the_decision_allows_gets_in([ValueSource(nameof(Cases))] (NamedDecision Decision, string Key) one)
    {
        (NamedDecision decision, string key) = one;
        EmittedConfiguration configuration = Emit(decision, key);
        if (configuration.Fidelity == Fidelity.Infeasible)
        {
            Assert.That(configuration.Refuses, Is.True);
            return;
        }
        using RunningServer server = _stack == StackKind.OpenSsl ? await RunningServer.OpenSslAsync(configuration) : await StartAsync(port => Emit(decision, key, port));
        var probe = new Probe(server);
        bool ecdsa = key == "ecdsa";
        // A handshake that offers one thing leaves the rest open: what the server's key cannot do, it refuses for that reason alone.
        string[] suites = [.. Tls13Suites, .. ecdsa ? EcdsaSuites : RsaSuites], schemes = ecdsa ? EcdsaSchemes : RsaSchemes;
        var wrong = new List<string>();

        foreach (string version in Versions)
            Compare(version, Expected(version, null, null, null), probe.IsLetIn(Probe.Version(version)));
        foreach (string suite in suites)
        {
            string version = TlsRegistry.CipherSuites[suite].Tls13 ? "TLS1.3" : "TLS1.2";
            string native = StackNames.Suite(Dialect.OpenSsl30, suite)!.Value.Native;
            Compare(suite, Expected(version, suite, null, null), probe.IsLetIn(version == "TLS1.3" ? ["-tls1_3", "-ciphersuites", native] : ["-tls1_2", "-cipher", native]));
        }
        // Where the decision leaves the groups open, the server has those of its library.
        foreach ((string version, string group) in decision.Outcome[Field.Groups] is null ? [] : Versions[1..].SelectMany(version => Groups.Select(group => (version, group))))
        {
            string native = StackNames.Group(Dialect.OpenSsl30, group)!.Value.Native;
            // P-256 is the curve of the certificate, which TLS 1.2 wants among the groups too; and only ECDHE has a group.
            string[] offer = version == "TLS1.2" ? [.. Probe.Version(version), "-cipher", "ECDHE", "-groups", group == "secp256r1" || !ecdsa ? native : $"{native}:P-256"] : [.. Probe.Version(version), "-groups", native];
            bool isAlso256 = version == "TLS1.2" && ecdsa && Expected(version, null, "secp256r1", null);
            Compare($"{version} {group}", Expected(version, null, group, null) || isAlso256, probe.IsLetIn(offer));
        }
        foreach ((string version, string scheme) in Versions[1..].SelectMany(version => schemes.Select(scheme => (version, scheme))))
        {
            string[] offer = [.. Probe.Version(version), "-sigalgs", scheme, .. version == "TLS1.2" ? ["-cipher", "ECDHE"] : Array.Empty<string>()];
            Compare($"{version} {scheme}", Expected(version, null, null, scheme), probe.IsLetIn(offer));
        }
        Assert.That(wrong, Is.Empty, string.Join('\n', configuration.Files.Select(file => file.Text)));

        void Compare(string what, bool expected, bool actual)
        {
            if (expected != actual)
                wrong.Add($"{what} is {(actual ? "let in" : "refused")}");
        }

        bool Expected(string version, string? suite, string? group, string? scheme) =>
            Combinations(version, suite, group, scheme, suites, schemes).Any(one => decision.Allows(version, one.Suite, one.Group, one.Scheme) && !IsLost(version, one.Suite, one.Group, one.Scheme));

        bool IsLost(params string?[] names) => configuration.Losses.Any(loss => loss.Kind == LossKind.Tighter
            && names.Any(name => name is not null && (loss.What.Split([' ', ',', ':']).Contains(name) || (name.StartsWith("TLS1", StringComparison.Ordinal) && loss.What.StartsWith($"TLS {name[3..]} is left out", StringComparison.Ordinal)))));
    }

    [Test]
    public async Task A_required_certificate_is_required_and_judged([Values("shipped", "TLS 1.2")] string channel)
    {
        NamedDecision decision = channel == "shipped" ? Decisions.Shipped.First(shipped => Emit(shipped, "ecdsa").Fidelity != Fidelity.Infeasible)
            : new("TLS 1.2", Decisions.Of(["TLS1.2"], ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], ["secp256r1"], ["ecdsa_secp256r1_sha256"]));
        using RunningServer server = await StartAsync(port => Emitter.Emit(_stack, _credentials.Server() with { Port = port, RevocationLists = _credentials.RevocationLists }, decision.Outcome, Decisions.Mutual()));
        var probe = new Probe(server);

        Assert.Multiple(() =>
        {
            Assert.That(Shows("client"), Is.True, "with a certificate");
            Assert.That(probe.IsLetIn(), Is.False, "without one");
            Assert.That(Shows("stranger"), Is.False, "with one of another authority");
            Assert.That(Shows("revoked"), Is.False, "with a revoked one");
        });

        bool Shows(string name) => probe.IsLetIn("-cert", _credentials.Certificate(name), "-key", _credentials.Key(name));
    }

    [Test]
    public async Task Only_keys_that_are_decided_are_let_in_and_a_list_that_is_missing_lets_nobody_in()
    {
        Outcome channel = Decisions.Of(["TLS1.3"], ["TLS_AES_128_GCM_SHA256"]);
        Outcome keys = Outcome.Allow(DecisionKind.Auth, [.. Decisions.Mutual().Values, (Field.KeyAlgorithms, new FieldValue.Names(["ecdsa-p256"]))]);
        using (RunningServer server = await StartAsync(port => Emitter.Emit(_stack, _credentials.Server() with { Port = port }, channel, keys)))
        {
            Assert.That(Shows(server, "client"), Is.True, "on P-256");
            Assert.That(Shows(server, "p384"), Is.False, "on P-384");
            Assert.That(Shows(server, "rsa"), Is.False, "RSA");
        }
        Outcome hard = Outcome.Allow(DecisionKind.Auth, [.. Decisions.Mutual().Values, (Field.Revocation, new FieldValue.Level(2, "hard"))]);
        EmitterOptions listed = _credentials.Server() with { RevocationLists = _credentials.RevocationListsOfAnother, HeldElsewhere = _stack == StackKind.Mosquitto ? ["revocation"] : [] };
        using (RunningServer server = await StartAsync(port => Emitter.Emit(_stack, listed with { Port = port }, channel, hard)))
            Assert.That(Shows(server, "client"), Is.False, "whose authority has no list");

        bool Shows(RunningServer server, string name) => new Probe(server).IsLetIn("-cert", _credentials.Certificate(name), "-key", _credentials.Key(name));
    }

    [Test]
    public async Task A_denial_and_what_the_stack_cannot_do_let_nobody_in([Values] bool isDenied)
    {
        Outcome hard = Outcome.Allow(DecisionKind.Auth, [.. Decisions.Mutual().Values, (Field.Revocation, new FieldValue.Level(2, "hard"))]);
        EmittedConfiguration Refusing(int port) => Emitter.Emit(_stack, _credentials.Server() with { Port = port },
            isDenied ? Decisions.Denied : Decisions.Of(["TLS1.2", "TLS1.3"], ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]), hard);

        if (_stack != StackKind.OpenSsl)
        {
            await LetsNobodyInAsync(StartAsync(Refusing));
            return;
        }
        await Assert.ThatAsync(() => RunningServer.ProgramAsync(Refusing(8_883)), Throws.TypeOf<TimeoutException>().With.Message.Contains("policym2m_apply failed"));
        // A program that sets versions of its own, and calls no function of ours.
        foreach (string[] own in new string[][] { [], ["-tls1_3"], ["-tls1_2"], ["-min_protocol", "TLSv1.2", "-max_protocol", "TLSv1.3"] })
            await LetsNobodyInAsync(RunningServer.OpenSslAsync(Refusing(8_883), own));
    }

    private static async Task LetsNobodyInAsync(Task<RunningServer> starting)
    {
        using RunningServer server = await starting;
        var probe = new Probe(server);
        Assert.That(Versions.Where(version => probe.IsLetIn(Probe.Version(version))), Is.Empty);
    }

    [Test]
    public async Task No_session_is_resumed_where_the_decision_forbids_it_or_limits_its_life([Values("forbidden", "limited", "open")] string sessions, [Values("TLS1.2", "TLS1.3")] string version)
    {
        var decision = new NamedDecision(sessions, Decisions.Of([version], ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
            noResumption: sessions == "forbidden", lifetime: sessions == "limited" ? 3_600 : null));
        EmittedConfiguration configuration = Emit(decision, "ecdsa");
        if (_stack == StackKind.Mosquitto && sessions == "forbidden")
        {
            Assert.That(configuration.Losses.Select(loss => (loss.Field, loss.Kind)), Is.EqualTo(new[] { ("resumption", LossKind.Unenforceable) }));
            return;
        }
        using RunningServer server = await StartAsync(port => Emit(decision, "ecdsa", port));
        using var folder = new TemporaryFolder();

        // TLS 1.2 of OpenSSL and nginx keeps the moment at which a session began, and mosquitto ends them all by ending itself.
        bool mayResume = sessions == "open" || (sessions == "limited" && (version == "TLS1.2" || _stack == StackKind.Mosquitto));
        Assert.That(new Probe(server).Resumes(folder, Probe.Version(version)), Is.EqualTo(mayResume));
    }

    /// <summary>What a probe that offers one thing may end up with: any suite and scheme that the server's key can do.</summary>
    private static IEnumerable<(string Suite, string? Group, string? Scheme)> Combinations(string version, string? suite, string? group, string? scheme, string[] suites, string[] schemes)
    {
        foreach (string one in suite is not null ? [suite] : suites.Where(name => TlsRegistry.CipherSuites[name].Tls13 == (version == "TLS1.3") && name != "TLS_AES_128_CCM_8_SHA256"))
        {
            string exchange = StackNames.KeyExchange(one);
            if (exchange == "RSA" && (group ?? scheme) is null)
                yield return (one, null, null);
            if (exchange == "DHE" && group is null)
            {
                foreach (string with in scheme is null ? schemes : [scheme])
                    yield return (one, null, with);
            }
            if (exchange is not ("ECDHE" or "any"))
                continue;
            foreach (string with in Groups.Where(known => (group is null || known == group) && Fits(TlsRegistry.Groups[known], version)))
            {
                foreach (string by in schemes.Where(known => (scheme is null || known == scheme) && Signs(known, version)))
                    yield return (one, with, by);
            }
        }
    }

    private static bool Fits(NamedGroup group, string version) => (version == "TLS1.3" ? group.Tls13 : group.Tls12) && (version == "TLS1.3" || !group.Name.StartsWith("ffdhe", StringComparison.Ordinal));

    /// <summary>The key of the test is on P-256, which TLS 1.3 binds to one scheme.</summary>
    private static bool Signs(string scheme, string version) => version == "TLS1.3" ? TlsRegistry.SignatureSchemes[scheme].Tls13Handshake && scheme != "ecdsa_secp384r1_sha384" : TlsRegistry.SignatureSchemes[scheme].Tls12;

    private EmittedConfiguration Emit(NamedDecision decision, string key, int port = 8883) => Emitter.Emit(_stack, _credentials.Server(key) with { Port = port }, decision.Outcome);

    private Task<RunningServer> StartAsync(Func<int, EmittedConfiguration> configure) => _stack switch
    {
        StackKind.OpenSsl => RunningServer.ProgramAsync(configure(8883)),
        StackKind.Nginx => RunningServer.NginxAsync(configure(8883)),
        _ => RunningServer.MosquittoAsync(configure),
    };
}
