// The device plc-0042 publishes a message over a connection that is what was decided, or none. Run it in the root of the repository: docs/sdk.md.
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Mqtt;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Contexts;

if (args is not [var address, var number] || !Uri.TryCreate(address, UriKind.Absolute, out Uri? pdp) || pdp.Scheme != Uri.UriSchemeHttps
    || !ushort.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
{
    Console.Error.WriteLine("expected the address of the decision point and the port of the broker: https://localhost:8443 8883");
    return 1;
}
const string Pki = ".policym2m/pki";

// 1. Decide. The certificate says who the device is; what it says of itself, the context does.
await using PolicyClient client = PolicyClient.Connect(new PolicyClientOptions
{
    Endpoint = pdp,
    CertificatePath = $"{Pki}/device.pem",
    KeyPath = $"{Pki}/device-key.pem",
    TrustPath = $"{Pki}/ca.pem",
    CachePath = ".policym2m/device/decisions.m2mc",
});
using var certificate = X509Certificate2.CreateFromPemFile($"{Pki}/device.pem", $"{Pki}/device-key.pem");
AttributeValue issued = AttributeValue.Of(certificate.NotBefore.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
DeviceContext context = DeviceContext.Empty
    .With("device.type", AttributeValue.Of("plc")).With("firmware.version", AttributeValue.Of("2.6.0"))
    .With("network.zone", AttributeValue.Of("cell")).With("network.bearer", AttributeValue.Of("wired"))
    .With("connectivity.mode", AttributeValue.Of("always")).With("power.source", AttributeValue.Of("mains"))
    .With("credential.issued-at", issued).With("key.created-at", issued);
foreach (DeviceDecision decision in await client.DecideAsync(context))
    Console.WriteLine($"{decision.Source}: {decision.Outcome}");

// 2. Enforce. The decisions are asked for anew for each handshake, and while the connection lives; mostly they are at hand.
var credential = new TlsCredential(certificate)
{
    // The device's word. The registry says it too of plc-0042, whose place we take; the key of this tour lies in a file.
    Protection = KeyProtection.SecureElement,
    AttestedAt = client.Time.GetUtcNow(),
};
var authorities = new X509Certificate2Collection();
authorities.ImportFromPemFile($"{Pki}/ca.pem");
var mqtt = new EnforcedMqtt(new TlsEnforcer(new TlsEnforcerOptions
{
    Decisions = async ending => TlsDecisions.From(await client.DecideAsync(context, cancellation: ending)),
    NextChange = () => client.NextChange,
    Trust = new TlsTrust(authorities) { RevocationLists = new RevocationListFiles(".policym2m/broker/crl.pem") },
    Credential = () => credential,
    Time = client.Time,
    OnRefusal = refusal => Console.WriteLine($"refused: {refusal}"),
}));

// 3. Connect, and ask before acting.
using IMqttClient device = new MqttClientFactory().CreateMqttClient();
try
{
    await device.ConnectAsync(mqtt.Enforce(new MqttClientOptionsBuilder().WithTcpServer("localhost", port).WithClientId("plc-0042").Build()));
    Console.WriteLine($"connected: {mqtt.Connection!.Negotiated.Protocol}, {mqtt.Connection.Negotiated.Suite}, {mqtt.Connection.Negotiated.Group}");
    mqtt.Connection.Capabilities.Demand("telemetry.publish");
    await device.PublishStringAsync("plant-7/plc-0042/valve", "closed");
    Console.WriteLine("published");
    await device.DisconnectAsync();
    return 0;
}
catch (Exception refused) when (refused is EnforcementException or MQTTnet.Exceptions.MqttCommunicationException)
{
    Console.WriteLine($"no connection: {refused.Message}");
    return 2;
}
