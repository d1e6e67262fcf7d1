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

    [Test]
    public async Task A_follower_is_told_of_a_change_and_need_not_come_back_to_look()
    {
        // So long that the test ends by its own timeout where nobody tells.
        DeviceStore follower = _world.Store(poll: TimeSpan.FromHours(1));
        var replica = new DeviceReplica(follower);
        await replica.SynchronizeAsync();
        if (backend == Backend.Postgres)
            await replica.WaitForNewsAsync(TestContext.CurrentContext.CancellationToken);
        Task news = replica.WaitForNewsAsync(TestContext.CurrentContext.CancellationToken);

        // PostgreSQL tells every process; a file tells nobody, so there only this process is told.
        DeviceStore writer = backend == Backend.Postgres ? _here : follower;
        await writer.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);

        await news;
        Assert.That((await replica.SynchronizeAsync()).Changed, Is.EqualTo(new[] { "plc-1" }));
    }

    [Test]
    public async Task A_database_that_is_older_than_the_copy_is_read_anew()
    {
        long backup = (await _here.ChangeAsync("plc-1", StoreWorld.Upsert(risk: 1), StoreWorld.Operator)).Sequence;
        await _here.ChangeAsync("plc-2", StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);
        await replica.SynchronizeAsync();

        await _world.TamperAsync($"DELETE FROM devices WHERE version > {backup}; DELETE FROM changes WHERE sequence > {backup}; UPDATE registry SET sequence = {backup}");
        DeviceNews news = await replica.SynchronizeAsync();

        Assert.That((news.IsLoad, string.Join(',', news.Changed)), Is.EqualTo((true, "plc-2")));
        Assert.That((replica.Sequence, replica.Registry.Count), Is.EqualTo((backup, 1)));
    }

    [Test]
    public async Task A_database_that_is_made_anew_under_a_running_server_gets_its_tables_again()
    {
        await _here.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);
        await replica.SynchronizeAsync();
        string before = replica.Id;

        await _world.TamperAsync("DROP TABLE migrations; DROP TABLE changes; DROP TABLE devices; DROP TABLE registry");
        Assert.That(async () => await replica.SynchronizeAsync(), Throws.TypeOf<RegistryUnavailableException>());
        DeviceNews news = await replica.SynchronizeAsync();

        Assert.That((news.IsLoad, string.Join(',', news.Changed), replica.Registry.Count, replica.Sequence), Is.EqualTo((true, "plc-1", 0, 0L)));
        Assert.That(replica.Id, Has.Length.EqualTo(before.Length).And.Not.EqualTo(before), "it is another registry");
    }

    [Test]
    public async Task Reinstatements_are_told_apart_from_other_changes_and_the_last_of_each_device_is_never_forgotten()
    {
        DeviceChange revoke = new DeviceChange.Revoke("stolen"), reinstate = new DeviceChange.Reinstate("found");
        foreach (string id in new[] { "plc-1", "plc-2" })
            await _here.ChangeAsync(id, StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(_there);
        await replica.SynchronizeAsync();
        foreach (DeviceChange change in new[] { revoke, reinstate, revoke, reinstate, new DeviceChange.SetRisk(1) })
            await _here.ChangeAsync("plc-1", change, StoreWorld.Operator);
        await _here.ChangeAsync("plc-2", revoke, StoreWorld.Operator);
        Assert.That((await NewsAsync(replica)).Reinstated, Is.EquivalentTo(new Dictionary<string, long> { ["plc-1"] = 6 }));

        await _here.ChangeAsync("plc-1", new DeviceChange.Delete(), StoreWorld.Operator);
        await _here.ForgetChangesAsync(_world.Clock.GetUtcNow().AddDays(1), newest: 0);
        var later = new DeviceReplica(_there);
        Assert.That((await later.SynchronizeAsync()).Reinstated, Is.EquivalentTo(new Dictionary<string, long> { ["plc-1"] = 6 }));
        Assert.That((await _here.HistoryAsync("plc-1", 20)).Select(change => change.Verb), Is.EqualTo(new[] { "reinstate" }));
    }

    [TestCase("INSERT INTO migrations (number) VALUES (99)", "has tables of version 99, and this program knows version 2: it was migrated by a newer one")]
    [TestCase("UPDATE devices SET state = 'nowhere'", "the database says of `plc-1` a state that there is not")]
    [TestCase("UPDATE devices SET attributes = '{'", "the database says of `plc-1` what is no attributes: not JSON")]
    [TestCase("DROP TABLE devices", "devices")]
    public async Task A_database_that_holds_what_nobody_understands_is_as_good_as_none(string tampering, string fault)
    {
        await _here.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        await _world.TamperAsync(tampering);

        Assert.That(async () => await new DeviceReplica(_there).SynchronizeAsync(), Throws.TypeOf<RegistryUnavailableException>().With.Message.Contains(fault));
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
