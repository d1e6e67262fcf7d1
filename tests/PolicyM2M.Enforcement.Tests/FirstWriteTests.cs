using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a process is killed with in its first minute: a device that is then cut off has what it was told.</summary>
internal sealed class FirstWriteTests
{
    [Test]
    public async Task The_first_decisions_and_the_statement_that_they_rest_on_are_on_disk_after_a_second()
    {
        await using var world = new ClientWorld { Script = { Stated = { ["lifecycle.state"] = "active" } } };
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(() => Kept(world), Is.EqualTo(3).After(60).Seconds.PollEvery(50).MilliSeconds);

        // The first process never learns that it was killed.
        string left = Path.Combine(Path.GetDirectoryName(world.CachePath)!, "left");
        File.Copy(world.CachePath, left);
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(world.Connect(with: options => options with { CachePath = left })), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task The_first_of_a_device_behind_a_gateway_are_too()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        // In the region of what is kept for the gateway itself: nothing of the decisions is new, and yet nothing of it may answer for the device before this is known to be served.
        await client.DecisionFor("plc-2", ClientWorld.Context, DecisionKinds.All);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(() => Stored(world)?.Devices.Count(facts => facts.Served is not null), Is.EqualTo(2).After(60).Seconds.PollEvery(50).MilliSeconds);
    }

    [Test]
    public async Task A_device_that_goes_from_region_to_region_writes_no_more_for_it()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        long before = client.Status.StoreWrites;
        for (int i = 0; i < 60; i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(10));
            Assert.That((await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of($"plc-{i}"))))[0].Source, Is.EqualTo(DecisionSource.Live));
        }
        Assert.That(client.Status.StoreWrites - before, Is.EqualTo(10));
    }

    private static int? Kept(ClientWorld world) => Stored(world) is { Devices: [{ Statement: not null }] } content ? content.Decisions.Length : null;

    /// <summary>What is on disk.</summary>
    private static StoreContent? Stored(ClientWorld world) =>
        new StoreFile(world.CachePath, "decisions", "spiffe://test.example/device/plc-1", new StoreKeyFile(world.Options().CacheKeyPath!).Read(), 1 << 20).Load(StoreFormat.Read, out _);
}
