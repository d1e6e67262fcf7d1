using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Connections that are allowed: what they come to.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class EnforcedConnectionTests
{
    private TlsWorld _world = null!;

    [SetUp]
    public void Begin() => _world = new TlsWorld();

    [TearDown]
    public void End() => _world.Dispose();

    [TestCase(TlsWorld.Suites13, SslProtocols.Tls13)]
    [TestCase(TlsWorld.Suites12, SslProtocols.Tls12)]
    public async Task What_is_allowed_gets_through_and_is_known(string suites, SslProtocols protocol)
    {
        _world.CipherSuites = TestOutcomes.CipherSuites($"{suites}; groups secp256r1, x25519; signatures ecdsa_secp256r1_sha256");
        _world.PublishCrl();
        _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; key-algorithms ecdsa-p256; revocation hard; revocation-within 1h; capabilities telemetry.publish");
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (client)
        await using (server)
        {
            await client.Stream.WriteAsync("ping"u8.ToArray());
            var read = new byte[4];
            await server.Stream.ReadExactlyAsync(read);
            Assert.That(read, Is.EqualTo("ping"u8.ToArray()));
            Assert.That((client.Negotiated.Protocol, client.Negotiated.Group, client.Negotiated.IsMutual), Is.EqualTo((protocol, "x25519", true)));
            Assert.That((client.Negotiated.PeerId, server.Negotiated.PeerId), Is.EqualTo((TlsWorld.ServerId, TlsWorld.DeviceId)));
            Assert.That(server.Negotiated.Suite, Is.EqualTo(client.Negotiated.Suite));
            Assert.That(client.Translation.Fit, Is.EqualTo(TlsFit.Approximated));
            client.Capabilities.Demand("telemetry.publish");
        }
        Assert.That((await client.Ended, await server.Ended), Is.EqualTo(((Refusal?)null, (Refusal?)null)));
    }

    [TestCase("-tls1_3", SslProtocols.Tls13)]
    [TestCase("-tls1_2", SslProtocols.Tls12)]
    public async Task OpenSSL_gets_through_both_ways_where_it_does_what_is_decided(string version, SslProtocols protocol)
    {
        _world.CipherSuites = TestOutcomes.CipherSuites("versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; groups secp256r1, x25519");
        await using (EnforcedConnection client = await OpenSslPeer.ConnectAsync(_world, _world.Enforcer(TlsWorld.Device), TlsWorld.Server, "-Verify", "1", version))
            Assert.That(client.Negotiated.Protocol, Is.EqualTo(protocol));
        (EnforcedConnection? accepted, EnforcementException? refused, FinishedProcess said) =
            await OpenSslPeer.AcceptAsync(_world, _world.Enforcer(TlsWorld.Server), [.. OpenSslPeer.Showing(_world, TlsWorld.Device), version]);
        Assert.That(refused, Is.Null);
        Assert.That((accepted!.Negotiated.Protocol, accepted.Negotiated.PeerId), Is.EqualTo((protocol, TlsWorld.DeviceId)));
        Assert.That(said.Output, Does.Contain("welcome"));
    }

    [Test]
    public async Task A_denial_sends_no_byte_and_closes_the_stream()
    {
        _world.Auth = Outcome.Deny(DecisionKind.Auth, "retired devices may not authenticate");
        (Stream client, Stream server) = await TlsWorld.PairAsync();
        EnforcementException? refused = await Assert.ThrowsAsync<EnforcementException>(() => _world.Enforcer(TlsWorld.Device).ConnectAsync(client, TlsWorld.Host));
        Assert.That(refused!.Message, Is.EqualTo("DECISION_DENIED: retired devices may not authenticate"));
        Assert.That(await server.ReadAsync(new byte[1]), Is.Zero);
    }

    [Test]
    public async Task A_decision_that_cannot_be_had_makes_no_connection_and_is_heard_of()
    {
        var heard = new List<Refusal>();
        var enforcer = new TlsEnforcer(new TlsEnforcerOptions { Decisions = _ => throw new TimeoutException("nobody answers"), Trust = new TlsTrust([_world.Authority.Certificate]), OnRefusal = heard.Add });
        (Stream client, Stream server) = await TlsWorld.PairAsync();
        EnforcementException? refused = await Assert.ThrowsAsync<EnforcementException>(() => enforcer.ConnectAsync(client, TlsWorld.Host));
        Assert.That(heard.Single().ToString(), Is.EqualTo("DECISION_DENIED: there are no decisions: nobody answers").And.EqualTo(refused!.Message));
        Assert.That(await server.ReadAsync(new byte[1]), Is.Zero);
    }

    [Test]
    public async Task A_clock_that_is_set_back_makes_no_certificate_valid_again_and_no_list_new([Values] bool isList)
    {
        _world.Clock = new DeviceTime(new DeviceClock(_world.Time, null), _world.Time);
        if (isList)
        {
            _world.PublishCrl("-crlhours", "1");
            _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard");
        }
        CertificateTerms shown = isList ? TlsWorld.Server with { NotAfter = TimeSpan.FromDays(3) } : TlsWorld.Server;
        using X509Certificate2 server = _world.Authority.Issue(shown), device = _world.Authority.Issue(TlsWorld.Device with { NotAfter = TimeSpan.FromDays(3) });
        _world.Time.Advance(TimeSpan.FromDays(2));
        _ = _world.Clock.GetUtcNow();
        _world.Time.SetBy(TimeSpan.FromDays(-2));
        (Stream near, Stream far) = await TlsWorld.PairAsync();
        // The server is one that goes by a clock of its own.
        using var stream = new SslStream(far);
        Task accepting = stream.AuthenticateAsServerAsync(server);
        EnforcementException? refused = await Assert.ThrowsAsync<EnforcementException>(() => _world.Enforcer(device).ConnectAsync(near, TlsWorld.Host));
        Assert.That(refused!.Reason, Is.EqualTo(isList ? EnforcementReason.RevocationListExpired : EnforcementReason.CertificateExpired));
        await accepting.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [TestCaseSource(nameof(Credentials))]
    public async Task A_credential_that_the_decision_does_not_take_is_not_used((string Auth, CertificateTerms Terms, KeyProtection Protection, TimeSpan? AttestedAgo, EnforcementReason? Reason) tried)
    {
        _world.Auth = TestOutcomes.Auth(tried.Auth);
        TlsTranslation translation = await _world.Enforcer(tried.Terms,
            own => new TlsCredential(own) { Protection = tried.Protection, AttestedAt = tried.AttestedAgo is { } ago ? _world.Time.Start - ago : null }).TranslateAsync();
        Assert.That(translation.Refusal?.Reason, Is.EqualTo(tried.Reason));
        Assert.That(translation.Fit, Is.EqualTo(tried.Reason is null ? TlsFit.Exact : TlsFit.Infeasible));
    }

    [Test]
    public async Task Without_a_credential_there_is_no_mutual_authentication()
    {
        TlsTranslation translation = await _world.Enforcer((X509Certificate2?)null).TranslateAsync();
        Assert.That(translation.Refusal?.Reason, Is.EqualTo(EnforcementReason.NotMutual));
    }

    [Test]
    public async Task A_handshake_that_never_ends_is_ended()
    {
        (Stream client, Stream silent) = await TlsWorld.PairAsync();
        await using (silent)
        {
            var enforcer = new TlsEnforcer(new TlsEnforcerOptions
            {
                Decisions = _ => ValueTask.FromResult(new TlsDecisions(_world.CipherSuites, TestOutcomes.Auth("methods x509"))),
                Trust = new TlsTrust([_world.Authority.Certificate]),
                HandshakeTimeout = TimeSpan.FromMilliseconds(50),
            });
            EnforcementException? refused = await Assert.ThrowsAsync<EnforcementException>(() => enforcer.ConnectAsync(client, TlsWorld.Host));
            Assert.That(refused!.Reason, Is.EqualTo(EnforcementReason.HandshakeFailed));
        }
    }

    private static IEnumerable<(string, CertificateTerms, KeyProtection, TimeSpan?, EnforcementReason?)> Credentials()
    {
        CertificateTerms good = TlsWorld.Device;
        return
        [
            (TlsWorld.Mutual, good, KeyProtection.Software, null, null),
            ($"{TlsWorld.Mutual}; key-protection secure-element", good, KeyProtection.Tee, null, EnforcementReason.KeyProtection),
            ($"{TlsWorld.Mutual}; key-protection secure-element", good, KeyProtection.SecureElement, null, null),
            ($"{TlsWorld.Mutual}; attestation 24h", good, KeyProtection.Software, null, EnforcementReason.Attestation),
            ($"{TlsWorld.Mutual}; attestation 24h", good, KeyProtection.Software, TimeSpan.FromHours(25), EnforcementReason.Attestation),
            ($"{TlsWorld.Mutual}; attestation 24h", good, KeyProtection.Software, TimeSpan.FromHours(-1), EnforcementReason.Attestation),
            ($"{TlsWorld.Mutual}; attestation 24h", good, KeyProtection.Software, TimeSpan.FromHours(23), null),
            ($"{TlsWorld.Mutual}; key-algorithms ecdsa-p384", good, KeyProtection.Software, null, EnforcementReason.DisallowedKey),
            ($"{TlsWorld.Mutual}; key-algorithms rsa-4096", good with { RsaBits = 3_072 }, KeyProtection.Software, null, EnforcementReason.ShortRsaKey),
            ("mutual required; methods psk, raw-public-key", good, KeyProtection.Software, null, EnforcementReason.Infeasible),
            ("mutual required; methods spiffe-x509", good with { Uris = [] }, KeyProtection.Software, null, EnforcementReason.DisallowedMethod),
            (TlsWorld.Mutual, good with { NotBefore = TimeSpan.FromDays(-2), NotAfter = TimeSpan.FromDays(-1) }, KeyProtection.Software, null, EnforcementReason.CertificateExpired),
            (TlsWorld.Mutual, good with { NotBefore = TimeSpan.FromHours(1) }, KeyProtection.Software, null, EnforcementReason.CertificateExpired),
        ];
    }
}
