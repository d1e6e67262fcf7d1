using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A denial by the policies is kept for a while, for its region; and ends at whatever could change it.</summary>
internal sealed class KeptDenialTests
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    [Test]
    public async Task Whoever_is_denied_does_not_ask_again_at_once_and_after_a_while_does()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = ScriptedPdp.Deny;
        await client.DecideAsync(ClientWorld.Context);
        DeviceDecision again = (await client.DecideAsync(ClientWorld.Context))[0];
        Assert.That((again.Source, again.Outcome.Denial, world.Pdp.Calls), Is.EqualTo((DecisionSource.Cached, "retired", 1)));
        world.Time.Advance(Kept);
        Assert.That((await ClientWorld.SourceAsync(client), world.Pdp.Calls), Is.EqualTo((DecisionSource.Live, 2)));
    }

    [Test]
    public async Task It_denies_nobody_outside_of_its_region()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = ScriptedPdp.Deny;
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Forge = _ => { };
        DeviceDecision other = (await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of("sensor"))))[0];
        Assert.That((other.Source, other.Outcome.IsDenied), Is.EqualTo((DecisionSource.Live, false)));
    }

    [Test]
    public async Task Other_policies_and_news_of_the_device_end_it()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Forge = ScriptedPdp.Deny;
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Publish(new Wire.RevisionId("2222", "bbbb"));
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        Assert.That((await ClientWorld.SourceAsync(client), world.Pdp.Calls), Is.EqualTo((DecisionSource.Live, 2)));
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
        Assert.That((await ClientWorld.SourceAsync(client), world.Pdp.Calls), Is.EqualTo((DecisionSource.Live, 3)));
    }

    [Test]
    public async Task An_old_one_that_is_handed_out_again_is_not_kept()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = decision =>
        {
            decision.IssuedAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(world.Time.GetUtcNow() - Kept);
            ScriptedPdp.Deny(decision);
        };
        await client.DecideAsync(ClientWorld.Context);
        Assert.That((await ClientWorld.SourceAsync(client), world.Pdp.Calls), Is.EqualTo((DecisionSource.Live, 2)));
    }
}
