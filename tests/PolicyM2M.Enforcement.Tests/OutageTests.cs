using PolicyM2M.Engine.Contexts;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a device hears of why it is alone, and of what its own context lacks.</summary>
internal sealed class OutageTests
{
    [Test]
    public async Task One_silence_is_told_once_however_often_it_is_tried()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        await world.Pdp.KillAsync();
        for (int i = 0; i < 4; i++)
        {
            await client.DecideAsync(ClientWorld.Context, refresh: true);
            world.Time.Advance(TimeSpan.FromSeconds(2));
        }
        string[] reasons = [.. world.Events.OfType<ClientEvent.Disconnected>().Select(e => e.Reason)];
        Assert.That(reasons, Is.Unique.And.Contains($"nobody listens on {world.Pdp.Endpoint.Authority}"));
        Assert.That(reasons, Has.None.Contains("certificate"), "a connection that stood and broke says nothing of certificates");
    }

    [Test]
    public async Task Why_nobody_answers_is_said_the_same_between_attempts()
    {
        await using var world = new ClientWorld();
        await world.Pdp.KillAsync();
        PolicyClient client = world.Connect();
        HashSet<string> reasons = [];
        for (int i = 0; i < 8; i++)
        {
            reasons.Add((await client.DecideAsync(ClientWorld.Context))[0].Outcome.Denial!);
            world.Time.Advance(TimeSpan.FromMilliseconds(400));
        }
        Assert.That(reasons, Is.EqualTo(new[] { $"the decision point cannot be reached, and nothing is kept for this context (nobody listens on {world.Pdp.Endpoint.Authority})" }));
    }

    [Test]
    public async Task A_silence_after_an_answer_is_told_anew()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        for (int i = 0; i < 2; i++)
        {
            await world.SeenAsync<ClientEvent.Connected>();
            world.Events.Clear();
            await world.Pdp.KillAsync();
            await world.SeenAsync<ClientEvent.Disconnected>(e => e.Reason.StartsWith("nobody listens", StringComparison.Ordinal));
            world.Events.Clear();
            world.Pdp = world.Pdp.Restart();
        }
        await world.SeenAsync<ClientEvent.Connected>();
    }

    [Test]
    public async Task A_server_of_another_authority_is_told_with_the_file_of_those_that_are_believed()
    {
        await using var world = new ClientWorld();
        using var others = new TestCertificates();
        await world.Pdp.KillAsync();
        await using ScriptedPdp impostor = ScriptedPdp.Start(others, world.Script);
        world.Pdp = impostor;
        world.Connect();
        ClientEvent.Disconnected told = await world.SeenAsync<ClientEvent.Disconnected>();
        Assert.That(told.Reason, Does.StartWith("no authority in ").And.Contains(".pem vouches for its certificate"));
        Assert.That(told.Detail, Does.Contain("AuthenticationException"));
    }

    [Test]
    public async Task A_server_under_another_name_is_told_as_that()
    {
        await using var world = new ClientWorld(serverName: "other.test.example");
        world.Connect();
        Assert.That((await world.SeenAsync<ClientEvent.Disconnected>()).Reason, Is.EqualTo($"its certificate is not made for the name {world.Pdp.Endpoint.Host}"));
    }

    [Test]
    public async Task A_refused_certificate_is_told_as_what_it_may_be()
    {
        await using var world = new ClientWorld();
        world.Script.RefusesCertificates = true;
        PolicyClient client = world.Connect();
        DeviceDecision denied = (await client.DecideAsync(ClientWorld.Context))[0];
        const string Hint = "it ended the TLS handshake: is this device's certificate one that it trusts, in its time, and made for clients?";
        Assert.That(denied.Outcome.Denial, Does.Contain(Hint));
        Assert.That(world.Events.OfType<ClientEvent.Disconnected>().Select(e => e.Reason).Distinct(), Is.EqualTo(new[] { Hint }));
    }

    [Test]
    public async Task What_was_ignored_and_what_was_missing_is_told_when_it_changes()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Needed = ["device.type", "firmware.version"];
        world.Script.Ignores = name => name == "device.tpye" ? (V1.IgnoredReason.Unknown, "did you mean `device.type`?") : null;
        DeviceContext misspelt = DeviceContext.Empty.With("device.tpye", AttributeValue.Of("plc")).With("firmware.version", AttributeValue.Of("1.0.0"));
        await client.DecideAsync(misspelt, refresh: true);
        await client.DecideAsync(misspelt, refresh: true);
        ClientEvent.ContextRead told = world.Events.OfType<ClientEvent.ContextRead>().Single();
        Assert.That(told.Ignored, Is.EqualTo(new[] { new IgnoredValue("device.tpye", "no policy knows this attribute: did you mean `device.type`?") }));
        Assert.That(told.Missing, Is.EqualTo(new[] { "device.type" }));
        await client.DecideAsync(ClientWorld.Context.With("firmware.version", AttributeValue.Of("1.0.0")), refresh: true);
        ClientEvent.ContextRead mended = world.Events.OfType<ClientEvent.ContextRead>().Last();
        Assert.That((mended.Ignored.Length, mended.Missing.Length), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task That_the_decision_point_has_no_registry_is_told_once_and_again_when_it_is_back()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        foreach (bool isAway in new[] { false, true, true, false })
        {
            world.Script.Tamper = response => response.RegistryUnavailable = isAway;
            await client.DecideAsync(ClientWorld.Context, refresh: true);
        }
        Assert.That(world.Events.OfType<ClientEvent.ContextRead>().Select(told => told.IsRegistryAway), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public async Task What_no_attribute_can_be_is_not_sent_and_told_as_ignored()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        Assert.That(DeviceContext.TryParseJson("""{ "device.type": 1.5 }""", out DeviceContext? context, out _), Is.True);
        Assert.That((await client.DecideAsync(context!))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(world.Pdp.LastAttributes, Is.Empty);
        IgnoredValue told = world.Events.OfType<ClientEvent.ContextRead>().Single().Ignored.Single();
        Assert.That((told.Name, told.Reason), Is.EqualTo(("device.type", "no attribute can be json 1.5; a value is true or false, a whole number of 64 bits, a string, or an array of strings")));
    }

    [Test]
    public async Task One_value_that_is_too_long_is_missing_and_spoils_no_other()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        DeviceContext context = DeviceContext.Empty.With("device.type", AttributeValue.Of("plc")).With("firmware.version", AttributeValue.Of(new string('1', 1_025))).With(new string('n', 129), AttributeValue.Of(true));
        Assert.That((await client.DecideAsync(context))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(world.Pdp.LastAttributes, Is.EqualTo(new[] { "device.type" }));
        IgnoredValue told = world.Events.OfType<ClientEvent.ContextRead>().Single().Ignored.Single();
        Assert.That((told.Name, told.Reason), Is.EqualTo(("firmware.version", $"no attribute can be json \"{new string('1', 40)}…\" of 1025 bytes, where 1024 are the most; "
            + "a value is true or false, a whole number of 64 bits, a string, or an array of strings")));
    }
}
