using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry.Tests;

/// <summary>A database of an earlier version is brought up to date with all that is in it.</summary>
[TestFixture(Backend.Sqlite)]
[TestFixture(Backend.Postgres)]
[CancelAfter(120_000)]
public sealed class MigrationTests(Backend backend)
{
    private StoreWorld _world = null!;

    [SetUp]
    public async Task Fill()
    {
        _world = new StoreWorld(backend);
        if (backend == Backend.Sqlite)
            await File.WriteAllBytesAsync(_world.SqlitePath, []);
        await _world.TamperAsync(await First());
        await _world.TamperAsync("""
            CREATE TABLE migrations (number INTEGER PRIMARY KEY);
            INSERT INTO migrations (number) VALUES (1);
            UPDATE registry SET sequence = 5;
            INSERT INTO devices (id, state, site, risk, revoked_at, revoked_reason, attributes, version, updated_at) VALUES
              ('plc-1', 'active', 'plant-7', 20, NULL, NULL, '{"device.type":"plc"}', 2, 1700000000000),
              ('plc-2', 'quarantined', NULL, NULL, 1700000000000, 'stolen', '{}', 5, 1700000000000);
            INSERT INTO changes (sequence, device_id, at, actor, verb, reason) VALUES
              (1, 'plc-1', 1700000000000, 'o', 'upsert', NULL), (2, 'plc-1', 1700000000000, 'o', 'risk 20', NULL), (3, 'plc-2', 1700000000000, 'o', 'upsert', NULL),
              (4, 'plc-2', 1700000000000, 'o', 'state quarantined', NULL), (5, 'plc-2', 1700000000000, 'o', 'revoke', 'stolen');
            """);
    }

    [TearDown]
    public async Task Close() => await _world.DisposeAsync();

    [Test]
    public async Task All_that_was_in_it_is_there_and_it_is_one_registry_from_now_on()
    {
        var replica = new DeviceReplica(_world.Store());
        await replica.SynchronizeAsync();

        DateTimeOffset then = DateTimeOffset.FromUnixTimeMilliseconds(1700000000000);
        Assert.That(replica.Registry.All, Is.EquivalentTo(new[]
        {
            new Device("plc-1", LifecycleState.Active, "plant-7", 20, null, StoreWorld.Attributes(("device.type", AttributeValue.Of("plc"))), 2, then),
            new Device("plc-2", LifecycleState.Quarantined, null, null, new Revocation(then, "stolen"), DeviceAttributes.None, 5, then),
        }));
        Assert.That((replica.Sequence, replica.Id), Is.EqualTo((5L, replica.Id)));
        Assert.That(replica.Id, Does.Match("^[0-9a-f]{32}$"));

        DeviceStore store = _world.Store();
        (long sequence, _) = await store.ChangeAsync("plc-2", new DeviceChange.Reinstate("found"), StoreWorld.Operator);
        Assert.That((sequence, string.Join(',', (await store.HistoryAsync("plc-2", 20)).Select(change => change.Verb))), Is.EqualTo((6L, "reinstate,revoke,state quarantined,upsert")));
        var other = new DeviceReplica(store);
        await other.SynchronizeAsync();
        Assert.That(other.Id, Is.EqualTo(replica.Id), "a second start gives it no other identity");
    }

    [Test]
    public async Task A_backup_of_an_earlier_version_under_a_running_server_is_brought_up_to_date_too()
    {
        var replica = new DeviceReplica(_world.Store());
        await replica.SynchronizeAsync();
        await _world.TamperAsync("ALTER TABLE registry DROP COLUMN identity; DELETE FROM migrations WHERE number > 1; UPDATE registry SET sequence = 4");

        DeviceNews news = await replica.SynchronizeAsync();

        Assert.That((news.IsLoad, replica.Registry.Count), Is.EqualTo((true, 2)));
    }

    private async Task<string> First()
    {
        string name = $"{(backend == Backend.Sqlite ? "sqlite" : "postgres")}.0001.sql";
        await using Stream stream = typeof(DeviceStore).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
