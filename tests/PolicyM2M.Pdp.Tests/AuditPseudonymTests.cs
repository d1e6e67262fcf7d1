using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What the audit log says of devices that it must not name.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditPseudonymTests
{
    [Test]
    public async Task Devices_are_not_named_where_they_have_pseudonyms()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["secret"], "a secret of the auditors");
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = AuditTests.Durable with { Pseudonyms = folder["secret"] } });
        await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        await Assert.ThrowsAsync<RpcException>(async () => await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { DeviceId = "plc-0099" }));
        using X509Certificate2 stranger = TestCertificates.SelfSigned(TestCertificates.Device);
        await Assert.ThrowsAsync<RpcException>(async () => await new DecisionService.DecisionServiceClient(pdp.Channel(stranger)).DecideAsync(new DecideRequest()));
        // The name becomes one of another trust domain's, then the role of it is gone, while the connection is open.
        DecisionService.DecisionServiceClient open = pdp.DecisionsAs("device");
        const string Device = """{ "match": "spiffe://dev.policym2m.example/device/{name}", "role": "device" }""";
        await Becomes($$"""{ "roles": [ {{Device}}, { "match": "spiffe://partner.example/{name}", "role": "device", "name": "plc-{name}" } ] }""", StatusCode.Unauthenticated);
        await Becomes("""{ "roles": [] }""", StatusCode.PermissionDenied);
        await Becomes($$"""{ "roles": [ {{Device}} ] }""", StatusCode.OK);
        pdp.Server.Services.GetRequiredService<RefusedConnections>().EndWindow();
        pdp.Server.Services.GetRequiredService<Denials>().EndWindow();

        AuditRecord[] records = await AuditTests.Records(pdp);
        Assert.That(records.Select(record => record.Denial?.Reason), Has.Some.StartsWith("1 refused from 127.0.0.1 within a minute, of which the first: a client certificate: no authority of a trust domain issued it (")
            .And.Some.EqualTo("it would be called by a name that begins with plc-, and such names are those of partner.example by the roles file").And.Some.EqualTo("its identity has no role"));
        Assert.That(pdp.Log.Lines, Has.Some.Contains("plc-0042 would be called plc-0042").And.Some.Contains($"it names {TestCertificates.Device}"), "the log keeps the names");
        string pseudonym = $"hmac-sha256:{Convert.ToHexStringLower(HMACSHA256.HashData("a secret of the auditors"u8, "plc-0042"u8))}";
        Assert.That(records.Where(record => record.Decisions is not null).Select(record => (record.Caller, record.Device)).Distinct(), Is.EqualTo(new[] { ($"device {pseudonym}", pseudonym) }));
        Assert.That(string.Concat(records.Select(record => record.ToString())), Does.Not.Contain("plc-00").And.Not.Contain(stranger.Thumbprint));

        async Task Becomes(string roles, StatusCode code)
        {
            PrivateFile.Replace(pdp.Data.Roles, roles);
            await RunningPdp.Eventually(() => AuditTests.CodeOf(open), answered => answered == code);
        }
    }
}
