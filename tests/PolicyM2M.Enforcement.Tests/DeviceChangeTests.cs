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

    private static void Change(ClientWorld world)
    {
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
    }
}
