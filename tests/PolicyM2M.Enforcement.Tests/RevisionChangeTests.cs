using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What is kept when the policies change, and with them what they test.</summary>
internal sealed class RevisionChangeTests
{
    private static readonly RevisionId Next = new("2222", "bbbb");

    [Test]
    public async Task A_change_that_may_take_something_back_is_told_to_who_waits_for_it_and_nothing_else_is()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(ClientWorld.Context);
        Task revision = client.NextChange;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(revision.IsCompleted, Is.False, "an answer as before is no change");
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        await revision;
        Task denial = client.NextChange;
        world.Script.Forge = ScriptedPdp.Deny;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        await denial;
        Task refusal = client.NextChange;
        world.Script.Refuses = Grpc.Core.StatusCode.PermissionDenied;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        await refusal;
    }

    [Test]
    public async Task Other_policies_that_only_an_answer_tells_of_are_on_disk_at_once_and_told()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.RefusesWatch = Grpc.Core.StatusCode.Unavailable;
        world.Script.EndWatches();
        await world.SeenAsync<ClientEvent.Disconnected>();
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        (long before, Task change) = (client.Status.StoreWrites, client.NextChange);
        world.Script.Publish(Next);
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That((client.Status.StoreWrites, change.IsCompleted), Is.EqualTo((before + 1, true)), "a power cut must not bring back the policies of before");
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(client.Status.StoreWrites, Is.EqualTo(before + 1));
    }

    [Test]
    public async Task Policies_that_test_more_leave_what_is_kept_usable()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Needed = ["device.type", "shoe.size"];
        world.Script.Publish(Next);
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
    }

    [Test]
    public async Task What_new_policies_test_is_sent_before_their_answer_is_taken()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        // The watch is silent: only the answer tells.
        world.Script.Needed = ["device.type", "shoe.size"];
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        Assert.That(world.Pdp.LastAttributes, Is.EqualTo(["device.type", "shoe.size"]));
    }

    [Test]
    public async Task A_newer_denial_holds_although_an_older_permission_tested_less()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Needed = ["device.type", "shoe.size"];
        world.Script.FreshFor = world.Script.UsableFor = TimeSpan.Zero;
        world.Script.Publish(Next);
        await world.SeenAsync<ClientEvent.RevisionChanged>();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_restart_does_not_make_replaced_policies_fresh_again()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
        {
            await first.DecideAsync(ClientWorld.Context);
            await world.SeenAsync<ClientEvent.Connected>();
            world.Script.Publish(Next);
            await world.SeenAsync<ClientEvent.RevisionChanged>();
            await world.Pdp.KillAsync();
        }
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Stale));
    }

    [Test]
    public async Task A_revision_first_heard_of_in_an_answer_is_fresh_while_nobody_answers()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Forge = decision => decision.Revision = WireMapping.ToWire(Next);
        await client.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task Running_time_spent_on_cached_answers_is_not_forgotten_in_a_power_cut()
    {
        await using var world = new ClientWorld();
        world.Script.FreshFor = TimeSpan.FromDays(30);
        world.Script.UsableFor = TimeSpan.FromDays(60);
        PolicyClient first = world.Connect();
        await first.DecideAsync(ClientWorld.Context);
        long written = first.Status.StoreWrites;
        world.Time.Advance(TimeSpan.FromDays(29));
        Assert.That(await ClientWorld.SourceAsync(first), Is.EqualTo(DecisionSource.Cached));
        Assert.That(() => first.Status.StoreWrites, Is.GreaterThan(written).After(60).Seconds.PollEvery(50).MilliSeconds);
        await world.Pdp.KillAsync();

        // The first client never learns that its power went; the clock comes back where it stood at the beginning.
        world.Time.SetBy(TimeSpan.FromDays(-29));
        PolicyClient second = world.Connect();
        await world.SeenAsync<ClientEvent.ClockSetBack>();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Stale));
    }

    [Test]
    public async Task A_device_whose_clock_was_set_back_still_reaches_its_decision_point()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        world.Time.SetBy(TimeSpan.FromDays(-30));
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_decision_point_whose_clock_was_ahead_for_a_moment_locks_nobody_out()
    {
        await using var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        PolicyClient client = world.Connect();
        world.Script.Forge = decision => Ahead(decision.IssuedAt, decision.FreshUntil, decision.UsableUntil);
        world.Script.Tamper = response =>
        {
            var statement = Wire.V1.DeviceStatement.Parser.ParseFrom(response.Statement.Payload);
            Ahead(statement.IssuedAt, statement.FreshUntil, statement.ValidUntil);
            response.Statement = world.Script.Signer.Sign(SignedKind.DeviceStatement, statement);
        };
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        world.Script.Forge = _ => { };
        world.Script.Tamper = _ => { };
        Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Denied), "it may be a replay");
        for (int minute = 0; minute < 20; minute++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            await client.DecideAsync(ClientWorld.Context, refresh: true);
        }
        Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
        world.Time.Advance(TimeSpan.FromHours(2));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live), "the statement of then has ended");
    }

    [Test]
    public async Task A_replay_stands_still_and_corrects_no_clock()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        Wire.V1.DecideResponse old = null!;
        world.Script.Tamper = response => old = response.Clone();
        await client.DecideAsync(ClientWorld.Context);
        world.Script.Tamper = _ => { };
        world.Time.Advance(TimeSpan.FromDays(4));
        await client.DecideAsync(ClientWorld.Context);
        // Nobody knows how right the time is: only what was signed tells.
        world.Time.SetBy(TimeSpan.FromDays(-4));
        world.Script.Tamper = response => response.MergeFrom(Replaced(response, old));
        for (int minute = 0; minute < 30; minute++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.That((await client.DecideAsync(ClientWorld.Context, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Denied));
        }
    }

    private static void Ahead(params Google.Protobuf.WellKnownTypes.Timestamp[] moments)
    {
        foreach (Google.Protobuf.WellKnownTypes.Timestamp moment in moments)
            moment.Seconds += 300 * 24 * 3_600;
    }

    private static Wire.V1.DecideResponse Replaced(Wire.V1.DecideResponse response, Wire.V1.DecideResponse by)
    {
        response.SignedDecisions.Clear();
        response.Statement = null;
        return new Wire.V1.DecideResponse { SignedDecisions = { by.SignedDecisions } };
    }
}
