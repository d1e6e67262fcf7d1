using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Statements that come by the watch, so that nobody need ask for them.</summary>
internal sealed class ToldStatementTests
{
    [Test]
    public async Task A_change_that_comes_with_its_statement_costs_no_question_where_what_is_kept_still_holds()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        ClaimSet claims = await DecidedAsync(world, client);
        Task change = client.NextChange;

        world.Script.StatedBeside["posture.risk"] = "20";
        await TellAsync(world);

        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out DeviceDecision decision), Is.True);
        Assert.That((decision.Source, world.Pdp.Calls, change.IsCompleted), Is.EqualTo((DecisionSource.Cached, 1, true)));
        Assert.That(ReceivedStatement.Unverified(decision.Signed!.Statement!).Attributes.Values["posture.risk"].Text, Is.EqualTo("20"), "it is handed on with the decision");
    }

    [Test]
    public async Task Where_nothing_kept_holds_any_more_it_is_asked_once()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        ClaimSet claims = await DecidedAsync(world, client);

        world.Script.Stated["lifecycle.state"] = "quarantined";
        await TellAsync(world);

        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.False);
        await client.DecideAsync(claims, DecisionKinds.All);
        Assert.That((client.TryDecide(DecisionKind.Auth, claims, out _), world.Pdp.Calls), Is.EqualTo((true, 2)));
    }

    [Test]
    public async Task One_that_is_told_before_the_last_ends_keeps_decisions_fresh()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        ClaimSet claims = await DecidedAsync(world, client);

        world.Time.Advance(TimeSpan.FromMinutes(35));
        await TellAsync(world);
        world.Time.Advance(TimeSpan.FromMinutes(40));

        Assert.That((client.TryDecide(DecisionKind.Auth, claims, out _), world.Pdp.Calls), Is.EqualTo((true, 1)));
        world.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.False, "it was told an hour ago");
    }

    [Test]
    public async Task A_denial_after_one_was_told_is_on_disk_at_once()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        ClaimSet claims = await DecidedAsync(world, client);
        world.Script.Stated["lifecycle.state"] = "quarantined";
        await TellAsync(world);
        world.Script.Forge = ScriptedPdp.Deny;
        long before = client.Status.StoreWrites;

        await client.DecideAsync(claims, [DecisionKind.Auth]);
        Assert.That(client.Status.StoreWrites, Is.EqualTo(before + 1), "the statement of before, and the permission with it, must not come back with a power cut");
    }

    [Test]
    public async Task Keys_that_are_not_known_yet_are_fetched_for_it()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        await DecidedAsync(world, client);

        world.Script.Signer = new TestSigner(world.Time);
        world.Script.StatedBeside["posture.risk"] = "20";
        await TellAsync(world);

        await world.SeenAsync<ClientEvent.KeysChanged>(keys => keys.KeyIds.SequenceEqual([world.Script.Signer.KeyId]));
        Assert.That(world.Events.OfType<ClientEvent.Refused>(), Is.Empty);
    }

    [Test]
    public async Task All_else_that_is_told_counts_while_the_keys_of_its_statement_are_fetched()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        ClaimSet claims = await DecidedAsync(world, client);
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.True);
        Task change = client.NextChange;

        var keys = new TaskCompletionSource();
        world.Script.HoldKeys = () => keys.Task;
        world.Script.Signer = new TestSigner(world.Time);
        world.Script.Stated["lifecycle.state"] = "quarantined";
        await TellAsync(world);
        Assert.That((change.IsCompleted, client.TryDecide(DecisionKind.Auth, claims, out _)), Is.EqualTo((true, false)));
        keys.SetResult();
        await world.SeenAsync<ClientEvent.KeysChanged>(changed => changed.KeyIds.SequenceEqual([world.Script.Signer.KeyId]));
    }

    private static ClientWorld World()
    {
        var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        (world.Script.FreshFor, world.Script.StatementHolds) = (TimeSpan.FromDays(1), TimeSpan.FromDays(2));
        return world;
    }

    private static async Task<ClaimSet> DecidedAsync(ClientWorld world, PolicyClient client)
    {
        ClaimSet claims = client.Prepare(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(claims, DecisionKinds.All);
        return claims;
    }

    private static async Task TellAsync(ClientWorld world)
    {
        world.Script.Tells = world.Script.Statement;
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
    }
}
