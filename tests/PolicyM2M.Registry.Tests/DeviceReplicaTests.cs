using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry.Tests;

/// <summary>Memory follows the database, on every replica.</summary>
[TestFixture(Backend.Sqlite)]
[TestFixture(Backend.Postgres)]
[CancelAfter(120_000)]
public sealed class DeviceReplicaTests(Backend backend)
{
    private StoreWorld _world = null!;
    private DeviceStore _here = null!, _there = null!;

    [SetUp]
    public async Task Open()
    {
        _world = new StoreWorld(backend);
        (_here, _there) = (await _world.ReadyStoreAsync(), await _world.ReadyStoreAsync());
    }

    [TearDown]
    public async Task Close() => await _world.DisposeAsync();

    [Test]
    public async Task A_new_replica_holds_every_device()
    {
        await _here.ChangeAsync("plc-1", StoreWorld.Upsert(site: "a", risk: 3), StoreWorld.Operator);
        (long sequence, Device? second) = await _here.ChangeAsync("plc-2", StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);

        DeviceNews news = await replica.SynchronizeAsync();

        Assert.That((news.IsLoad, replica.Registry.Count, replica.Sequence), Is.EqualTo((true, 2, sequence)));
        Assert.That(news.Changed, Is.EquivalentTo(new[] { "plc-1", "plc-2" }));
        Assert.That(replica.Registry.Find("plc-2"), Is.EqualTo(second));
        Assert.That(replica.Registry.SiteOf("plc-1"), Is.EqualTo("a"));
        Assert.That(replica.Registry.AttributesOf("plc-1").Values[AttributeNames.Risk], Is.EqualTo(AttributeValue.Of(3)));
        Assert.That(replica.Registry.AttributesOf("nobody"), Is.SameAs(DeviceContext.Empty));
    }

    [Test]
    public async Task A_change_is_told_to_the_other_replica_and_only_what_changed_is_read()
    {
        await _here.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        await _here.ChangeAsync("plc-2", StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);
        await replica.SynchronizeAsync();
        Device untouched = replica.Registry.Find("plc-2")!;

        await _here.ChangeAsync("plc-1", new DeviceChange.SetState(LifecycleState.Quarantined), StoreWorld.Operator);
        DeviceNews news = await NewsAsync(replica);

        Assert.That((news.IsLoad, string.Join(',', news.Changed)), Is.EqualTo((false, "plc-1")));
        Assert.That(replica.Registry.Find("plc-1")!.State, Is.EqualTo(LifecycleState.Quarantined));
        Assert.That(replica.Registry.Find("plc-2"), Is.SameAs(untouched));

        await _here.ChangeAsync("plc-1", new DeviceChange.Delete(), StoreWorld.Operator);
        await NewsAsync(replica);
        Assert.That(replica.Registry.Find("plc-1"), Is.Null);
    }

    [Test]
    public async Task Both_replicas_hold_the_same_after_writers_on_both_have_ended()
    {
        var here = new DeviceReplica(_here);
        var there = new DeviceReplica(_there);
        using var done = new CancellationTokenSource();
        Task[] following = [.. new[] { here, there }.Select(replica => Task.Run(async () =>
        {
            // Looks all the time, so that it looks in the middle of everything.
            while (!done.IsCancellationRequested)
                await replica.SynchronizeAsync();
        }))];

        await Task.WhenAll(new[] { _here, _there, _world.Store(), _world.Store() }.Select((store, writer) => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (int i = 0; i < 60; i++)
            {
                string id = $"plc-{random.Next(8)}";
                DeviceChange change = random.Next(5) == 0 && await store.FindAsync(id) is not null ? new DeviceChange.Delete() : StoreWorld.Upsert(risk: random.Next(100));
                try
                {
                    await store.ChangeAsync(id, change, StoreWorld.Operator);
                }
                catch (DeviceRefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
                {
                    // Another writer deleted it first.
                }
            }
        })));
        await done.CancelAsync();
        await Task.WhenAll(following);
        await here.SynchronizeAsync();
        await there.SynchronizeAsync();

        Device[] stored = [.. await _here.ListAsync(null, null, "", 100)];
        Assert.That(here.Registry.All, Is.EquivalentTo(stored));
        Assert.That(there.Registry.All, Is.EquivalentTo(stored));
    }

    [Test]
    public async Task Devices_of_one_kind_share_what_is_said_of_them_also_after_a_change()
    {
        DeviceAttributes kind = StoreWorld.Attributes(("device.type", AttributeValue.Of("plc")), ("safety.level", AttributeValue.Of(2)));
        foreach (string id in new[] { "plc-1", "plc-2" })
            await _here.ChangeAsync(id, StoreWorld.Upsert(site: "plant", attributes: kind), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);
        await replica.SynchronizeAsync();
        Assert.That(replica.Registry.Find("plc-1")!.Attributes, Is.SameAs(replica.Registry.Find("plc-2")!.Attributes));

        await _here.ChangeAsync("plc-1", new DeviceChange.SetRisk(50), StoreWorld.Operator);
        await NewsAsync(replica);

        Assert.That(replica.Registry.Find("plc-1")!.Risk, Is.EqualTo(50));
        Assert.That(replica.Registry.Find("plc-1")!.Attributes, Is.SameAs(replica.Registry.Find("plc-2")!.Attributes));
        Assert.That(replica.Registry.Find("plc-1")!.Site, Is.SameAs(replica.Registry.Find("plc-2")!.Site));
    }

    /// <summary>Waits as a follower does, until there is news.</summary>
    private static async Task<DeviceNews> NewsAsync(DeviceReplica replica)
    {
        while (true)
        {
            DeviceNews news = await replica.SynchronizeAsync();
            if (news.Changed.Count > 0)
                return news;
            await replica.WaitForNewsAsync(TestContext.CurrentContext.CancellationToken);
        }
    }
}
