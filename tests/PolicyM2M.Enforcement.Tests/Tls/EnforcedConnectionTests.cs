using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Connections that are allowed: what they come to, and what ends them.</summary>
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
    public async Task A_connection_ends_when_it_must_authenticate_again()
    {
        _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; reauthenticate 12h");
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        Assert.That(client.ReauthenticateBy - _world.Time.Start, Is.EqualTo(TimeSpan.FromHours(12)));
        _world.Time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1));
        Assert.That(await client.RecheckAsync(), Is.Null);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await client.Ended)?.Reason, Is.EqualTo(EnforcementReason.Reauthenticate), "the watch finds it by itself");
        Assert.That((await server.Ended)?.Reason, Is.EqualTo(EnforcementReason.Reauthenticate));
        await Assert.ThatAsync(async () => await client.Stream.WriteAsync(new byte[1]), Throws.Exception);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Test]
    public async Task A_clock_that_is_set_back_makes_no_connection_last_longer()
    {
        _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; reauthenticate 1h");
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            _world.Time.SetBy(TimeSpan.FromMinutes(-3));
            _world.Time.Advance(TimeSpan.FromHours(1));
            Assert.That((await client.Ended)?.Reason, Is.EqualTo(EnforcementReason.Reauthenticate));
        }
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

    [TestCaseSource(nameof(Tightenings))]
    public async Task A_live_connection_ends_when_a_new_decision_no_longer_allows_it((string Suites, string Auth, EnforcementReason Reason) tightened)
    {
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            Assert.That(await client.RecheckAsync(), Is.Null);
            (_world.CipherSuites, _world.Auth) = (TestOutcomes.CipherSuites(tightened.Suites), TestOutcomes.Auth(tightened.Auth));
            Assert.That((await client.Ended)?.Reason, Is.EqualTo(tightened.Reason));
            Assert.That((await client.RecheckAsync())?.Reason, Is.EqualTo(tightened.Reason), "and stays ended");
        }
    }

    [Test]
    public async Task A_live_connection_ends_when_the_decision_turns_to_deny_and_when_its_peer_is_revoked()
    {
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            _world.CipherSuites = Outcome.Deny(DecisionKind.CipherSuites, "quarantined devices get no channel");
            Assert.That(await client.Ended, Is.EqualTo(new Refusal(EnforcementReason.DecisionDenied, "quarantined devices get no channel")));
        }

        _world.CipherSuites = TestOutcomes.CipherSuites(TlsWorld.Suites13);
        _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; revocation hard; reauthenticate 7d");
        _world.PublishCrl();
        using X509Certificate2 own = _world.Authority.Issue(TlsWorld.Device);
        (Stream near, Stream far) = await TlsWorld.PairAsync();
        Task<EnforcedConnection> accepting = _world.Enforcer(TlsWorld.Server).AcceptAsync(far);
        await using EnforcedConnection device = await _world.Enforcer(own).ConnectAsync(near, TlsWorld.Host);
        await using EnforcedConnection accepted = await accepting;
        _world.Authority.Revoke(own);
        _world.Authority.WriteCrl(_world.Folder["plant.crl"]);
        Assert.That((await accepted.Ended)?.Reason, Is.EqualTo(EnforcementReason.CertificateRevoked));
    }

    [Test]
    public async Task A_change_is_looked_at_at_once_also_where_it_is_not_time_to_look()
    {
        var change = new TaskCompletionSource();
        TlsEnforcer server = _world.Enforcer(TlsWorld.Server);
        using X509Certificate2 own = _world.Authority.Issue(TlsWorld.Device);
        var credential = new TlsCredential(own);
        var client = new TlsEnforcer(_world.Enforcer(own).Options with { CheckEvery = TimeSpan.FromDays(1), NextChange = () => change.Task, Credential = () => credential });
        (Stream near, Stream far) = await TlsWorld.PairAsync();
        Task<EnforcedConnection> accepting = server.AcceptAsync(far);
        await using EnforcedConnection device = await client.ConnectAsync(near, TlsWorld.Host);
        await using EnforcedConnection accepted = await accepting;
        for (int i = 0; i < 2; i++)
        {
            TaskCompletionSource before = change;
            change = new TaskCompletionSource();
            if (i == 1)
                _world.Auth = Outcome.Deny(DecisionKind.Auth, "retired");
            before.SetResult();
        }
        Assert.That(await device.Ended, Is.EqualTo(new Refusal(EnforcementReason.DecisionDenied, "retired")));
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

    [Test]
    public async Task A_connection_that_was_ended_grants_nothing_to_whoever_still_holds_it()
    {
        _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; capabilities actuate");
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            client.Capabilities.Demand("actuate");
            _world.Auth = Outcome.Deny(DecisionKind.Auth, "retired");
            await client.Ended;
            EnforcementException? refused = Assert.Throws<EnforcementException>(() => client.Capabilities.Demand("actuate"));
            Assert.That(refused!.Message, Is.EqualTo("CAPABILITY_NOT_GRANTED: `actuate`: the connection has ended: DECISION_DENIED: retired"));
        }
    }

    [Test]
    public async Task A_credential_that_its_owner_disposes_of_after_it_was_renewed_leaves_the_connection_under_watch()
    {
        using X509Certificate2 own = _world.Authority.Issue(TlsWorld.Device);
        _world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; signatures ecdsa_secp256r1_sha256");
        (Stream near, Stream far) = await TlsWorld.PairAsync();
        Task<EnforcedConnection> accepting = _world.Enforcer(TlsWorld.Server).AcceptAsync(far);
        await using EnforcedConnection device = await _world.Enforcer(own).ConnectAsync(near, TlsWorld.Host);
        await using EnforcedConnection accepted = await accepting;
        own.Dispose();
        Assert.That(await device.RecheckAsync(), Is.Null);
        _world.Auth = Outcome.Deny(DecisionKind.Auth, "retired");
        Assert.That(await device.Ended, Is.EqualTo(new Refusal(EnforcementReason.DecisionDenied, "retired")));
    }

    [Test]
    public async Task Whoever_hears_of_a_refusal_and_throws_changes_nothing_of_it()
    {
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        _world.OnRefusal = _ => throw new InvalidOperationException("the log is full");
        _world.Auth = Outcome.Deny(DecisionKind.Auth, "retired");
        Assert.That((await client.Ended, await server.Ended), Is.EqualTo((new Refusal(EnforcementReason.DecisionDenied, "retired"), new Refusal(EnforcementReason.DecisionDenied, "retired"))));
        await Assert.ThatAsync(async () => await client.Stream.WriteAsync(new byte[1]), Throws.Exception, "the connection is closed all the same");
        await client.DisposeAsync();
        await server.DisposeAsync();
        (Stream near, Stream _) = await TlsWorld.PairAsync();
        await Assert.ThrowsAsync<EnforcementException>(() => _world.Enforcer(TlsWorld.Device).ConnectAsync(near, TlsWorld.Host), "nor of what whoever connects hears");
    }

    [Test]
    public async Task A_watch_that_fails_ends_its_connection()
    {
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            // What no decision is cannot be judged.
            _world.Decisions = _ => ValueTask.FromResult<TlsDecisions>(null!);
            Assert.That((await client.Ended)?.Detail, Does.StartWith("it could not be held against the decisions: "));
        }
    }

    [Test]
    public async Task Decisions_that_never_come_keep_no_connection([Values] bool isReauthenticated)
    {
        _world.DecisionTimeout = isReauthenticated ? TimeSpan.FromHours(1) : TimeSpan.FromMilliseconds(50);
        if (isReauthenticated)
            _world.Auth = TestOutcomes.Auth($"{TlsWorld.Mutual}; reauthenticate 1s");
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            var never = new TaskCompletionSource<TlsDecisions>();
            // It does not look at the token either.
            _world.Decisions = _ => new ValueTask<TlsDecisions>(never.Task);
            if (isReauthenticated)
                _world.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.That((await client.Ended)?.Reason, Is.EqualTo(isReauthenticated ? EnforcementReason.Reauthenticate : EnforcementReason.DecisionDenied));
        }
    }

    [Test]
    public async Task A_connection_ends_with_what_it_was_decided_by()
    {
        _world.UsableUntil = _world.Time.Start + TimeSpan.FromMinutes(5);
        (EnforcedConnection client, EnforcedConnection server) = await _world.ConnectBothAsync();
        await using (server)
        await using (client)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
            Assert.That(await client.RecheckAsync(), Is.Null);
            _world.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.That((await client.Ended)?.Detail, Does.StartWith("what was decided could be used until "));
        }
        TlsTranslation translation = await _world.Enforcer(TlsWorld.Device).TranslateAsync();
        Assert.That(translation.Refusal?.Reason, Is.EqualTo(EnforcementReason.DecisionDenied), "no new one is made either");
    }

    private static IEnumerable<(string, string, EnforcementReason)> Tightenings() =>
    [
        ("versions TLS1.3; suites TLS_CHACHA20_POLY1305_SHA256", TlsWorld.Mutual, EnforcementReason.DisallowedCipher),
        (TlsWorld.Suites12, TlsWorld.Mutual, EnforcementReason.DeprecatedVersion),
        ($"{TlsWorld.Suites13}; groups secp384r1", TlsWorld.Mutual, EnforcementReason.DisallowedGroup),
        ($"{TlsWorld.Suites13}; signatures ed25519", TlsWorld.Mutual, EnforcementReason.DisallowedSignature),
        (TlsWorld.Suites13, "mutual required; methods psk", EnforcementReason.DisallowedMethod),
        (TlsWorld.Suites13, $"{TlsWorld.Mutual}; key-algorithms ecdsa-p384", EnforcementReason.DisallowedKey),
        (TlsWorld.Suites13, $"{TlsWorld.Mutual}; revocation hard", EnforcementReason.NoRevocationList),
        (TlsWorld.Suites13, $"{TlsWorld.Mutual}; key-protection hsm", EnforcementReason.KeyProtection),
        (TlsWorld.Suites13, $"{TlsWorld.Mutual}; attestation 1h", EnforcementReason.Attestation),
    ];

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
