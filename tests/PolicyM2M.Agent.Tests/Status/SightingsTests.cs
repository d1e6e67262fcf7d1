using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Tests.Status;

/// <summary>What the daemon's log says of what the client tells.</summary>
internal sealed class SightingsTests
{
    [TestCase(DecisionSource.Cached, DecisionSource.Stale, "source-changed: auth of plc-8: cached to stale\n")]
    [TestCase(DecisionSource.Stale, DecisionSource.Denied, "source-changed: auth of plc-8: stale to denied\n")]
    [TestCase(DecisionSource.Denied, DecisionSource.Live, "source-changed: auth of plc-8: denied to live\n")]
    [TestCase(null, DecisionSource.Denied, "source-changed: auth of plc-8: none to denied\n")]
    [TestCase(null, DecisionSource.Live, "")]
    [TestCase(DecisionSource.Live, DecisionSource.Cached, "")]
    public void Where_the_answers_about_a_device_come_from_is_a_line_of_the_log_and_no_event(DecisionSource? from, DecisionSource to, string line)
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        seen.Client(new ClientEvent.SourceChanged("plc-8", DecisionKind.Auth, from, to));
        Assert.That((log.ToString(), seen.Current.Events.Length), Is.EqualTo((line, 0)));
    }

    [Test]
    public void Changes_of_the_gateway_are_counted_and_those_of_the_devices_behind_it_are_told()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        foreach (string device in new[] { "plc-8", "gw-1" })
            seen.Client(new ClientEvent.DeviceChanged(device));
        Assert.That((seen.Current.DeviceChanges, seen.Current.Events.Length), Is.EqualTo((1L, 2)));
        Assert.That(log.ToString(), Does.Contain("the decision point's registry says something else of plc-8\n"));
    }

    private static Sightings Of(TextWriter log) =>
        new(new AgentStatus { Device = "spiffe://test.example/gateway/gw-1", Pdp = [new Uri("https://pdp.example")], StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, log);
}
