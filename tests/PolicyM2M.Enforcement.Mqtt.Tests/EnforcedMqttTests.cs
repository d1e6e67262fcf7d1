using MQTTnet;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Mqtt.Tests;

/// <summary>An MQTTnet client against a real mosquitto.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class EnforcedMqttTests
{
    private const string Suites = "versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; groups x25519, secp256r1";

    private TemporaryFolder _folder = null!;
    private TestAuthority _authority = null!;
    private Outcome _suites = null!, _auth = null!;

    [SetUp]
    public void Begin()
    {
        (_folder, _authority) = (new TemporaryFolder(), TestAuthority.Root("Plant"));
        (_suites, _auth) = (TestOutcomes.CipherSuites(Suites), TestOutcomes.Auth("mutual required; methods spiffe-x509, x509; capabilities telemetry.publish"));
    }

    [TearDown]
    public void End()
    {
        _folder.Dispose();
        _authority.Dispose();
    }

    [TestCase("TLS1.3")]
    [TestCase("TLS1.2")]
    public async Task Messages_pass_over_a_connection_that_is_allowed(string version)
    {
        _suites = TestOutcomes.CipherSuites(Suites.Replace("TLS1.2, TLS1.3", version, StringComparison.Ordinal));
        await using Broker broker = await Broker.StartAsync(_folder, _authority, "require_certificate true");
        (IMqttClient client, EnforcedMqtt mqtt, MqttClientOptions options) = Client(broker.Port);
        using (client)
        {
            var arrived = new TaskCompletionSource<string>();
            client.ApplicationMessageReceivedAsync += message =>
            {
                arrived.TrySetResult(message.ApplicationMessage.ConvertPayloadToString());
                return Task.CompletedTask;
            };
            await client.ConnectAsync(options);
            await client.SubscribeAsync("valve/1");
            mqtt.Connection!.Capabilities.Demand("telemetry.publish");
            await client.PublishStringAsync("valve/1", "closed");
            Assert.That(await arrived.Task, Is.EqualTo("closed"));
            Assert.That((mqtt.Connection.Negotiated.PeerId, mqtt.Connection.Negotiated.IsMutual), Is.EqualTo(("spiffe://plant.example/broker", true)));
            await client.DisconnectAsync();
        }
    }

    [Test]
    public async Task A_broker_that_asks_for_no_certificate_is_refused()
    {
        await using Broker broker = await Broker.StartAsync(_folder, _authority);
        Assert.That((await RefusedAsync(broker.Port))?.Reason, Is.EqualTo(EnforcementReason.NotMutual));
    }

    [Test]
    public async Task A_broker_whose_suites_are_none_of_those_allowed_is_refused()
    {
        await using Broker broker = await Broker.StartAsync(_folder, _authority, "tls_version tlsv1.3", "ciphers_tls1.3 TLS_AES_256_GCM_SHA384", "require_certificate true");
        _suites = TestOutcomes.CipherSuites("versions TLS1.3; suites TLS_CHACHA20_POLY1305_SHA256");
        Assert.That((await RefusedAsync(broker.Port))?.Reason, Is.EqualTo(EnforcementReason.HandshakeFailed));
    }

    [Test]
    public async Task A_denial_ends_the_live_connection_and_lets_no_other_begin()
    {
        await using Broker broker = await Broker.StartAsync(_folder, _authority, "require_certificate true");
        (IMqttClient client, EnforcedMqtt mqtt, MqttClientOptions options) = Client(broker.Port);
        using (client)
        {
            var lost = new TaskCompletionSource();
            client.DisconnectedAsync += _ =>
            {
                lost.TrySetResult();
                return Task.CompletedTask;
            };
            await client.ConnectAsync(options);
            _auth = Outcome.Deny(DecisionKind.Auth, "retired devices may not authenticate");
            Assert.That(await mqtt.Connection!.Ended, Is.EqualTo(new Refusal(EnforcementReason.DecisionDenied, "retired devices may not authenticate")));
            await lost.Task;
            Assert.That((await RefusedAsync(broker.Port))?.Reason, Is.EqualTo(EnforcementReason.DecisionDenied));
        }
    }

    [Test]
    public void A_transport_that_cannot_be_enforced_is_refused()
    {
        MqttClientOptions options = new MqttClientOptionsBuilder().WithWebSocketServer(socket => socket.WithUri("wss://broker.plant.example/mqtt")).Build();
        Assert.That(() => Enforced().Enforce(options), Throws.ArgumentException);
    }

    private (IMqttClient Client, EnforcedMqtt Mqtt, MqttClientOptions Options) Client(int port)
    {
        EnforcedMqtt mqtt = Enforced();
        MqttClientOptions options = mqtt.Enforce(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("plc-0042").Build());
        return (new MqttClientFactory().CreateMqttClient(), mqtt, options);
    }

    private async Task<EnforcementException?> RefusedAsync(int port)
    {
        (IMqttClient client, _, MqttClientOptions options) = Client(port);
        using (client)
        {
            try
            {
                await client.ConnectAsync(options);
                return null;
            }
            catch (Exception failed)
            {
                // MQTTnet puts the reason into an exception of its own.
                for (Exception? cause = failed; cause is not null; cause = cause.InnerException)
                {
                    if (cause is EnforcementException refused)
                        return refused;
                }
                throw;
            }
        }
    }

    private EnforcedMqtt Enforced()
    {
        var credential = new TlsCredential(_authority.Issue(new CertificateTerms { Uris = ["spiffe://plant.example/device/plc-0042"] }));
        return new EnforcedMqtt(new TlsEnforcer(new TlsEnforcerOptions
        {
            Decisions = _ => ValueTask.FromResult(new TlsDecisions(_suites, _auth)),
            Trust = new TlsTrust([_authority.Certificate]) { PeerIds = ["spiffe://plant.example/broker"] },
            Credential = () => credential,
            CheckEvery = TimeSpan.FromMilliseconds(20),
        }));
    }
}
