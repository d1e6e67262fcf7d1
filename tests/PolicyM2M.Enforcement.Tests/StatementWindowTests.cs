namespace PolicyM2M.Enforcement.Tests;

/// <summary>What is stated of a device is asked for anew while somebody answers, and counts for longer while nobody does.</summary>
internal sealed class StatementWindowTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Test]
    public async Task While_somebody_answers_no_decision_is_fresh_by_an_old_statement()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(Hour * 0.6);
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
        world.Script.Stated["lifecycle.state"] = "quarantined";
        world.Time.Advance(Hour);
        Assert.That((await client.DecideAsync(ClientWorld.Context))[0].Source, Is.AnyOf(DecisionSource.Live, DecisionSource.Cached));
        Assert.That(world.Pdp.Calls, Is.GreaterThan(1), "the decisions would be fresh for a day");
    }

    [Test]
    public async Task While_nobody_answers_it_counts_for_as_long_as_it_holds_and_the_decisions_are_stale()
    {
        await using ClientWorld world = World();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        Assert.That((await world.OfflineAfterAsync(client, Hour * 0.5)).Select(decision => decision.Source), Is.All.EqualTo(DecisionSource.Cached));
        world.Time.Advance(Hour);
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
        world.Time.Advance(TimeSpan.FromHours(46));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
        world.Time.Advance(Hour);
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied), "the decisions would be usable for three days");
    }

    [Test]
    public async Task A_restart_while_nobody_answers_makes_it_no_fresher()
    {
        await using ClientWorld world = World();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        world.Time.Advance(Hour * 2);
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Stale));
    }

    private static ClientWorld World()
    {
        var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        (world.Script.FreshFor, world.Script.StatementHolds) = (TimeSpan.FromDays(1), TimeSpan.FromDays(2));
        return world;
    }
}
