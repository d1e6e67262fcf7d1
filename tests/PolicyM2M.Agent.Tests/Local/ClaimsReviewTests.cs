using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class ClaimsReviewTests
{
    [Test]
    public void What_comes_to_nothing_is_said_of_each_claim_and_the_operating_system_may_say_more_than_is_tested()
    {
        Assert.That(DeviceContext.TryParseJson("""{ "firmware.version": 1.5, "device.tpye": "plc", "network zone": "cell" }""", out DeviceContext? file, out _), Is.True);
        IEnumerable<KeyValuePair<string, AttributeReading>> readings =
        [
            .. file!.Values.Select(value => KeyValuePair.Create(value.Key, new AttributeReading(value.Value, "/etc/facts.json", DateTimeOffset.UnixEpoch))),
            KeyValuePair.Create("boot.uptime", new AttributeReading(AttributeValue.Of("9s"), new OsFactsSource().Name, DateTimeOffset.UnixEpoch)),
        ];
        DeviceContext configured = DeviceContext.Empty.With("power.source", AttributeValue.Of("mains")), shown = DeviceContext.Empty.With("credential.issued-at", AttributeValue.Of("2026-01-01"));
        string[] told = [.. ClaimsReview.Of(configured, new Dictionary<string, AttributeReading>(readings), shown, ["device.type", "firmware.version", "power.source"])
            .Select(claim => $"{claim.Name} of {claim.Source}, {claim.IsTested}: {claim.Fault}")];
        Assert.That(told, Is.EqualTo(new[]
        {
            "boot.uptime of operating system, False: ",
            "credential.issued-at of certificate, False: ",
            "device.tpye of /etc/facts.json, False: no policy tests it; did you mean `device.type`?",
            "firmware.version of /etc/facts.json, True: no attribute can be json 1.5",
            "network zone of /etc/facts.json, False: it is no attribute's name",
            "power.source of configuration, True: ",
        }));
    }

    [Test]
    public void While_nobody_has_told_what_the_policies_test_no_name_is_a_mistake() =>
        Assert.That(ClaimsReview.Of(DeviceContext.Empty.With("device.tpye", AttributeValue.Of("plc")), new Dictionary<string, AttributeReading>(), DeviceContext.Empty, []).Single(),
            Is.EqualTo(new ClaimSighting("device.tpye", "configuration", null, null, null)));
}
