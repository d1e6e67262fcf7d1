using Grpc.Core;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a decision point that says no leaves behind: a device must not get back by pulling the plug what it was refused.</summary>
internal sealed class RefusalTests
{
    [TestCase(StatusCode.PermissionDenied)]
    [TestCase(StatusCode.Unauthenticated)]
    public async Task What_was_refused_stays_refused_while_nobody_answers_and_after_a_restart(StatusCode status)
    {
        await using var world = new ClientWorld();
        await using (PolicyClient client = world.Connect())
        {
            await client.DecideAsync(ClientWorld.Context);
            world.Script.Refuses = status;
            await client.DecideAsync(ClientWorld.Context, refresh: true);
            Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied), "what was fresh before the refusal");
            await world.Pdp.KillAsync();
            Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied), "what was usable before the refusal");
        }
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_refused_identity_loses_what_was_kept_for_every_context()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        DeviceContext other = ClientWorld.Context.With("device.type", AttributeValue.Of("sensor"));
        await client.DecideAsync(ClientWorld.Context);
        await client.DecideAsync(other);
        world.Script.Refuses = StatusCode.PermissionDenied;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        await world.Pdp.KillAsync();
        Assert.That((await client.DecideAsync(other)).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task An_identity_that_may_not_even_watch_keeps_nothing()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        world.Script.RefusesWatch = world.Script.Refuses = StatusCode.PermissionDenied;
        PolicyClient second = world.Connect();
        await world.SeenAsync<ClientEvent.Refused>();
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_refusal_that_comes_again_is_told_once_until_it_is_another_and_the_bundle_is_held_no_more()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.BundleHeld>();
        world.Script.Refuses = StatusCode.PermissionDenied;
        for (int turn = 0; turn < 3; turn++)
            await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That((world.Events.OfType<ClientEvent.Refused>().Count(), client.Status.Bundle), Is.EqualTo((1, (BundleStatus?)null)));
        world.Script.Refuses = StatusCode.Unauthenticated;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(world.Events.OfType<ClientEvent.Refused>().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_refusal_that_takes_nothing_back_wears_out_no_flash()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        ClaimSet other = client.Prepare(ClientWorld.Context, "plc-8");
        world.Script.Refuses = world.Script.RefusesWatch = StatusCode.PermissionDenied;
        long before = client.Status.StoreWrites;
        for (int turn = 0; turn < 240; turn++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(15));
            await client.DecideAsync(ClientWorld.Context, refresh: true);
            await client.DecideAsync(other, DecisionKinds.All);
        }
        Assert.That(client.Status.StoreWrites - before, Is.InRange(1, 60), "an hour has sixty minutes");
    }

    [Test]
    public async Task A_denial_by_the_policies_replaces_the_permission_that_was_kept()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Forge = ScriptedPdp.Deny;
        DeviceDecision denial = (await client.DecideAsync(ClientWorld.Context, refresh: true))[0];
        Assert.That((denial.Source, denial.Outcome.Denial), Is.EqualTo((DecisionSource.Live, "retired")));
        DeviceDecision away = (await world.OfflineAfterAsync(client, TimeSpan.FromMinutes(4)))[0];
        Assert.That((away.Source, away.Outcome.Denial), Is.EqualTo((DecisionSource.Cached, "retired")));
        world.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task Windows_of_ten_thousand_years_are_a_denial_and_no_crash()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Forge = decision =>
        {
            decision.IssuedAt = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = -62_135_596_800 };
            decision.FreshUntil = decision.UsableUntil = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 253_402_300_799 };
        };
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }
}
