using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What is kept when the decision point's registry says something else of the device.</summary>
internal sealed class DeviceChangeTests
{
    [Test]
    public async Task What_is_kept_is_asked_for_anew()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));

        Change(world);
        await world.SeenAsync<ClientEvent.DeviceChanged>();

        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task What_is_kept_stays_usable_where_nobody_answers()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        Change(world);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
        await world.Pdp.KillAsync();

        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
    }

    [Test]
    public async Task An_answer_that_was_on_its_way_is_used_and_not_fresh()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        var answer = new TaskCompletionSource();
        var isAsked = new TaskCompletionSource();
        world.Script.Hold = _ =>
        {
            isAsked.TrySetResult();
            return answer.Task;
        };
        Task<DecisionSource> first = ClientWorld.SourceAsync(client);
        await isAsked.Task;
        Change(world);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
        answer.SetResult();

        Assert.That(await first, Is.EqualTo(DecisionSource.Live));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live), "it was decided before the change");
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task A_change_while_the_watch_was_broken_counts_too()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        await world.Pdp.KillAsync();
        world.Script.DeviceVersion++;
        world.Pdp = world.Pdp.Restart();

        await world.SeenAsync<ClientEvent.DeviceChanged>();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_change_while_the_client_was_down_counts_too()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
        {
            await first.DecideAsync(ClientWorld.Context);
            await world.SeenAsync<ClientEvent.Connected>();
        }
        world.Events.Clear();
        world.Script.DeviceVersion++;
        PolicyClient second = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task What_did_not_change_while_the_client_was_down_stays_fresh()
    {
        await using var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
        {
            await first.DecideAsync(ClientWorld.Context);
            await world.SeenAsync<ClientEvent.Connected>();
        }
        world.Events.Clear();
        PolicyClient second = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(await ClientWorld.SourceAsync(second), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task A_change_that_comes_with_an_earlier_revision_counts_too()
    {
        await using var world = new ClientWorld();
        world.Script.ActivatedAt = world.Time.Start;
        PolicyClient client = world.Connect();
        ClaimSet claims = client.Prepare(ClientWorld.Context);
        await client.DecideAsync(claims, DecisionKinds.All);
        await world.SeenAsync<ClientEvent.Connected>();
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.True);
        world.Script.ActivatedAt = world.Time.Start.AddDays(-1);
        world.Script.DeviceVersion++;
        world.Script.Publish(new RevisionId("0000", "0000"));
        await world.SeenAsync<ClientEvent.RevisionRefused>();
        Assert.That(client.TryDecide(DecisionKind.Auth, claims, out _), Is.False);
    }

    private static void Change(ClientWorld world)
    {
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
    }
}
