using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using AttributeValue = PolicyM2M.Wire.V1.AttributeValue;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Decisions that travel: signed, with the region in which they hold, and beside them what the decision point vouches for about the device.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class SignedDecisionTests
{
    private RunningPdp _pdp = null!;
    private DecisionService.DecisionServiceClient _gateway = null!;
    private TrustedKeys _trusted = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync(Registry);
        _gateway = _pdp.DecisionsAs("gateway");
        _trusted = TrustedKeys.Of((await _gateway.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
    }

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task They_say_what_plain_ones_say()
    {
        DecideResponse plain = await Ask("plc-0042", "2.4.0", DecisionForm.Unspecified), signed = await Ask("plc-0042", "2.4.0");

        Assert.That((plain.SignedDecisions.Count, plain.Statement, signed.Decisions.Count), Is.EqualTo((0, (SignedPayload?)null, 0)));
        ReceivedDecision[] received = [.. signed.SignedDecisions.Select(_trusted.Decision)];
        Assert.That(received.Select(decision => decision.Outcome), Is.EqualTo(plain.Decisions.Select(decision => WireMapping.FromWire(decision).Outcome)));
        Assert.That(received.Select(decision => decision.Revision.CommitId), Has.All.EqualTo(_pdp.Git.Head));
        Assert.That(received.Select(decision => decision.Region!.ToString()), Is.EqualTo(new[]
        {
            "key.protection missing and firmware.version >= 2.0.0",
            "device.id == \"plc-0042\" and device.type == \"plc\"",
            "posture.risk <= 59",
        }));
    }

    [Test]
    public async Task A_device_finds_itself_inside_by_its_claims_and_its_statement()
    {
        DecideResponse response = await Ask("plc-0042", "2.4.0");
        ReceivedStatement statement = _trusted.Statement(response.Statement);

        Assert.That(statement.DeviceId, Is.EqualTo("plc-0042"));
        Assert.That(statement.Attributes.Values.Keys.Order(), Is.EqualTo(new[] { "device.id", "posture.risk" }), "what the policies need and the device may not say");
        foreach (ReceivedDecision decision in response.SignedDecisions.Select(_trusted.Decision))
        {
            Assert.That(IsInside(decision, statement, "2.4.0"), Is.True, decision.Region!.ToString());
            Assert.That(IsInside(decision, statement, "1.0.0"), Is.EqualTo(decision.Kind != Engine.Vocabulary.DecisionKind.CipherSuites));
        }
    }

    [Test]
    public async Task What_was_decided_for_one_device_is_handed_to_the_next_in_its_region_and_signed_once()
    {
        DecideResponse first = await Ask("gw-plant7", "2.4.0");
        long signed = _pdp.Server.Services.GetRequiredService<SignedDecisions>().Signed;
        DecideResponse second = await Ask("gw-plant7", "2.9.1");

        Assert.That(second.SignedDecisions[0], Is.EqualTo(first.SignedDecisions[0]), "another firmware of the same region");
        Assert.That(_pdp.Server.Services.GetRequiredService<SignedDecisions>().Signed - signed, Is.LessThanOrEqualTo(1), "a denial's time may have moved on");
    }

    [Test]
    public async Task A_decision_made_for_another_device_does_not_hold_for_one_that_the_registry_knows_otherwise()
    {
        ReceivedDecision calm = _trusted.Decision((await Ask("plc-0042", "2.4.0")).SignedDecisions[2]);
        DecideResponse ofRisky = await Ask("sensor-1", "2.4.0");

        Assert.That(IsInside(calm, _trusted.Statement(ofRisky.Statement), "2.4.0"), Is.False, "its risk is 80");
        Assert.That(IsInside(_trusted.Decision(ofRisky.SignedDecisions[2]), _trusted.Statement(ofRisky.Statement), "2.4.0"), Is.True);
    }

    [Test]
    public async Task A_statement_is_fresh_for_an_hour_and_holds_for_as_long_as_the_device_s_decisions_may_be_used()
    {
        ReceivedDecision[] decisions = [.. (await Ask("plc-0042", "2.4.0")).SignedDecisions.Select(_trusted.Decision)];
        ReceivedStatement statement = _trusted.Statement((await Ask("plc-0042", "2.4.0")).Statement);
        TimeSpan longest = decisions.Max(decision => decision.UsableUntil - decision.IssuedAt);
        Assert.That(longest, Is.InRange(TimeSpan.FromHours(2), TimeSpan.FromDays(7)));
        Assert.That((statement.FreshUntil - statement.IssuedAt, statement.ValidUntil - statement.IssuedAt), Is.EqualTo((TimeSpan.FromHours(1), longest)));
    }

    [Test]
    public async Task A_statement_that_the_device_has_is_not_sent_again()
    {
        DecideResponse first = await Ask("plc-0042", "2.4.0");
        DecideResponse second = await Ask("plc-0042", "2.4.0", known: ByteString.CopyFrom(SHA256.HashData(first.Statement.Payload.Span)));
        DecideResponse third = await Ask("plc-0042", "2.4.0", known: ByteString.CopyFrom(new byte[32]));

        Assert.That(second.Statement, Is.Null);
        Assert.That(third.Statement, Is.EqualTo(first.Statement), "made once");
    }

    [Test]
    public async Task When_the_registry_changes_its_mind_the_statement_is_another()
    {
        DecideResponse before = await Ask("pump-5", "2.4.0");
        await _pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "pump-5", Risk = 70 });
        DecideResponse after = await RunningPdp.Eventually(async () => await Ask("pump-5", "2.4.0"), response => !response.Statement.Equals(before.Statement));

        Assert.That(_trusted.Statement(after.Statement).Attributes.Values["posture.risk"].Integer, Is.EqualTo(70));
        Assert.That(IsInside(_trusted.Decision(before.SignedDecisions[2]), _trusted.Statement(after.Statement), "2.4.0"), Is.False, "it was made in better days");
    }

    private static readonly string Registry =
        TestRegistry.Json.Replace("\"plc-0042\":", $"\"pump-5\": {{ \"location.site\": \"plant-7\", \"posture.risk\": 20 }}, \"plc-0042\":", StringComparison.Ordinal);

    private static bool IsInside(ReceivedDecision decision, ReceivedStatement statement, string firmware)
    {
        DeviceContext claims = DeviceContext.Of([new("firmware.version", Engine.Contexts.AttributeValue.Of(firmware)), new("device.type", Engine.Contexts.AttributeValue.Of("plc")), new("posture.risk", Engine.Contexts.AttributeValue.Of(0L))]);
        return decision.Region!.Contains(decision.Region.Prepare(statement.ContextFor(decision.Region, claims)), TimeProvider.System.GetUtcNow());
    }

    private async Task<DecideResponse> Ask(string device, string firmware, DecisionForm form = DecisionForm.Signed, ByteString? known = null)
    {
        var request = new DecideRequest { DeviceId = device, Form = form, KnownStatement = known ?? ByteString.Empty };
        request.Attributes["firmware.version"] = new AttributeValue { Text = firmware };
        request.Attributes["device.type"] = new AttributeValue { Text = "plc" };
        return await _gateway.DecideAsync(request);
    }
}
