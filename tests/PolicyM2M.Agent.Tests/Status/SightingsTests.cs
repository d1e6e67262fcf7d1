using PolicyM2M.Agent.Local;
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
    public void Changes_of_the_gateway_and_of_the_devices_behind_it_are_numbered_and_told()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        foreach (string device in new[] { "plc-8", "gw-1", "plc-8" })
            seen.Client(new ClientEvent.DeviceChanged(device));
        RegistryNews registry = seen.Current.Registry;
        Assert.That((registry.Of("gw-1"), registry.Of("plc-8"), registry.Of("plc-9"), seen.Current.Events.Length), Is.EqualTo((2UL, 3UL, 0UL, 3)));
        Assert.That(log.ToString(), Does.Contain("the decision point's registry says something else of plc-8\n"));
    }

    [Test]
    public void What_is_refused_of_a_device_behind_the_gateway_is_told_and_is_no_word_about_the_gateway()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        seen.Client(new ClientEvent.Refused("plc-8 is revoked") { Device = "plc-8" });
        Assert.That((seen.Current.Outage, seen.Current.IsUnwelcome, seen.Current.Events.Length), Is.EqualTo(((string?)null, false, 1)));
        seen.Client(new ClientEvent.Refused("gw-1 is revoked") { IsUnwelcome = true });
        seen.Client(new ClientEvent.Refused("plc-8 is revoked") { Device = "plc-8" });
        Assert.That((seen.Current.Outage, seen.Current.IsUnwelcome), Is.EqualTo(("gw-1 is revoked", true)));
    }

    [Test]
    public void The_end_of_the_certificate_is_told_ahead_until_another_is_in_use()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        seen.Client(new ClientEvent.CertificateEnding(DateTimeOffset.UnixEpoch, IsOver: false));
        seen.Client(new ClientEvent.CertificateEnding(DateTimeOffset.UnixEpoch, IsOver: true));
        Assert.That(log.ToString().Split('\n').Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "certificate-ending:", "certificate-ended:", "" }));
        Assert.That(seen.Current.IsCertificateEnding, Is.True);
        seen.Credential("spiffe://test.example/gateway/gw-1", DateTimeOffset.UnixEpoch.AddDays(1));
        Assert.That(seen.Current.IsCertificateEnding, Is.False);
    }

    [Test]
    public void Of_many_devices_the_one_that_changed_first_is_forgotten_and_its_next_change_has_a_number_of_its_own()
    {
        RegistryNews news = RegistryNews.None;
        for (int i = 0; i <= RegistryNews.MostDevices; i++)
            news = news.With($"plc-{i}");
        Assert.That((news.Of("plc-0"), news.Of("plc-1")), Is.EqualTo((0UL, 2UL)));
        Assert.That(news.With("plc-0").Of("plc-0"), Is.EqualTo((ulong)RegistryNews.MostDevices + 2));
    }

    [Test]
    public void What_was_missing_of_a_device_names_it_and_only_that_of_the_gateway_is_an_event()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        foreach (string device in new[] { "plc-8", "gw-1" })
            seen.Client(new ClientEvent.ContextRead(device, [], ["device.type"]));
        Assert.That(log.ToString().Split('\n'), Has.Exactly(1).StartsWith("context: plc-8: missing, ").And.Exactly(1).StartsWith("context: gw-1: missing, "));
        Assert.That(seen.Current.Events.Select(happened => happened.Detail.Split(':')[0]), Is.EqualTo(new[] { "gw-1" }));
    }

    [Test]
    public void Claims_that_come_to_nothing_are_told_when_that_changes()
    {
        using var log = new StringWriter();
        Sightings seen = Of(log);
        ClaimSighting of = new("device.tpye", "/etc/facts.json", DateTimeOffset.UnixEpoch, false, "no policy tests it; did you mean `device.type`?");
        seen.Claims([]);
        seen.Claims([of]);
        seen.Claims([of with { ReadAt = DateTimeOffset.UnixEpoch.AddSeconds(9) }]);
        seen.Claims([of with { Fault = null }]);
        Assert.That(log.ToString(), Is.EqualTo("""
            claims-unused: `device.tpye` of /etc/facts.json: no policy tests it; did you mean `device.type`?
            claims-unused: everything that is said is of use

            """.ReplaceLineEndings("\n")));
        seen.Claims([of with { Name = new string('n', 100_000) }]);
        Assert.That(seen.Current.Events[^1].Detail, Has.Length.LessThan(1_100));
    }

    private static Sightings Of(TextWriter log) =>
        new(new AgentStatus { Device = "spiffe://test.example/gateway/gw-1", Pdp = [new Uri("https://pdp.example")], StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, log);
}
