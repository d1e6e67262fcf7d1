using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>What ends a connection that was allowed.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class ConnectionEndTests
{
    private TlsWorld _world = null!;

    [SetUp]
    public void Begin() => _world = new TlsWorld();

    [TearDown]
    public void End() => _world.Dispose();

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
}
