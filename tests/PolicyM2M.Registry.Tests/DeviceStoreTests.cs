using System.Data.Common;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Registry.Databases;

namespace PolicyM2M.Registry.Tests;

/// <summary>What is written is read, on both databases.</summary>
[TestFixture(Backend.Sqlite)]
[TestFixture(Backend.Postgres)]
[CancelAfter(120_000)]
public sealed class DeviceStoreTests(Backend backend)
{
    private StoreWorld _world = null!;
    private DeviceStore _store = null!;

    [SetUp]
    public async Task Open()
    {
        _world = new StoreWorld(backend);
        _store = await _world.ReadyStoreAsync();
    }

    [TearDown]
    public async Task Close() => await _world.DisposeAsync();

    [Test]
    public async Task Every_field_and_every_kind_of_value_comes_back_as_it_was_written()
    {
        DeviceAttributes attributes = StoreWorld.Attributes(
            ("boot.secure", AttributeValue.Of(true)), ("safety.level", AttributeValue.Of(long.MinValue)), ("device.type", AttributeValue.Of("plc")),
            ("label", AttributeValue.Of("Werk \"Süd\" \\ '; DROP TABLE devices; -- \u0001 😀")), ("roles", AttributeValue.Of(["b", "a", "ü"])), ("none", AttributeValue.Of(Array.Empty<string>())));

        (long sequence, Device? written) = await ChangeAsync("plc-1", StoreWorld.Upsert(LifecycleState.Active, "plant-7", 20, attributes));
        Device? read = await _store.FindAsync("plc-1");

        Assert.That(read, Is.EqualTo(written));
        Assert.That(read, Is.EqualTo(new Device("plc-1", LifecycleState.Active, "plant-7", 20, null, attributes, sequence, read!.UpdatedAt)));
        Assert.That(read.UpdatedAt, Is.EqualTo(_world.Clock.GetUtcNow()).Within(TimeSpan.FromMilliseconds(1)));
    }

    [Test]
    public async Task A_device_of_which_little_is_said_is_onboarding_and_the_rest_is_not_known()
    {
        (_, Device? device) = await ChangeAsync("plc-1", StoreWorld.Upsert());

        Assert.That((device!.State, device.Site, device.Risk, device.Revocation), Is.EqualTo((LifecycleState.Onboarding, (string?)null, (int?)null, (Revocation?)null)));
        Assert.That(device.ToContext().Values.Keys, Is.EqualTo(new[] { AttributeNames.State }));
        Assert.That(await _store.FindAsync("plc-1"), Is.EqualTo(device));
    }

    [Test]
    public async Task What_an_upsert_leaves_out_stays_but_attributes_are_replaced_whole()
    {
        await ChangeAsync("plc-1", StoreWorld.Upsert(LifecycleState.Active, "plant-7", 20, StoreWorld.Attributes(("a", AttributeValue.Of(1)))));

        (_, Device? device) = await ChangeAsync("plc-1", StoreWorld.Upsert(attributes: StoreWorld.Attributes(("b", AttributeValue.Of(2)))));
        Assert.That((device!.State, device.Site, device.Risk), Is.EqualTo((LifecycleState.Active, "plant-7", 20)));
        Assert.That(device.Attributes.Items.Select(item => item.Key), Is.EqualTo(new[] { "b" }));

        (_, device) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: ""));
        Assert.That(device!.Site, Is.Null);
    }

    [Test]
    public async Task Versions_only_grow_also_over_a_deletion_and_what_changes_nothing_has_none()
    {
        (long first, _) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: "a"));
        (long same, Device? unchanged) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: "a"));
        Assert.That((same, unchanged!.Version), Is.EqualTo((first, first)));

        (long deleted, Device? gone) = await ChangeAsync("plc-1", new DeviceChange.Delete());
        Assert.That(gone, Is.Null);
        Assert.That(await _store.FindAsync("plc-1"), Is.Null);
        (long again, _) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: "a"));

        Assert.That(new[] { first, deleted, again }, Is.Ordered.Ascending.And.Unique);
    }

    [Test]
    public async Task A_change_meant_for_another_version_is_a_conflict_and_changes_nothing()
    {
        (long version, _) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: "a", expected: 0));
        await ChangeAsync("plc-1", StoreWorld.Upsert(site: "b", expected: version));

        Assert.That(await RefusalOf("plc-1", StoreWorld.Upsert(site: "c", expected: version)), Is.EqualTo(RefusalKind.Conflict));
        Assert.That(await RefusalOf("plc-1", StoreWorld.Upsert(site: "c", expected: 0)), Is.EqualTo(RefusalKind.Conflict));
        Assert.That(await RefusalOf("plc-2", StoreWorld.Upsert(site: "c", expected: 7)), Is.EqualTo(RefusalKind.Conflict));
        Assert.That((await _store.FindAsync("plc-1"))!.Site, Is.EqualTo("b"));
        Assert.That(await _store.FindAsync("plc-2"), Is.Null);
    }

    [Test]
    public async Task A_revoked_device_is_revoked_whatever_is_upserted_and_cannot_be_forgotten()
    {
        await ChangeAsync("plc-1", StoreWorld.Upsert(LifecycleState.Active, attributes: StoreWorld.Attributes((AttributeNames.Compromised, AttributeValue.Of(false)))));
        (_, Device? revoked) = await ChangeAsync("plc-1", new DeviceChange.Revoke("stolen"));
        (_, Device? again) = await ChangeAsync("plc-1", new DeviceChange.Revoke("stolen twice"));
        (_, Device? upserted) = await ChangeAsync("plc-1", StoreWorld.Upsert(site: "b", attributes: StoreWorld.Attributes((AttributeNames.Compromised, AttributeValue.Of(false)))));

        Assert.That(revoked!.Revocation!.Reason, Is.EqualTo("stolen"));
        Assert.That(again, Is.EqualTo(revoked));
        Assert.That(upserted!.Revocation, Is.EqualTo(revoked.Revocation));
        Assert.That((await _store.FindAsync("plc-1"))!.ToContext().Values[AttributeNames.Compromised], Is.EqualTo(AttributeValue.Of(true)));
        Assert.That(await RefusalOf("plc-1", new DeviceChange.Delete()), Is.EqualTo(RefusalKind.NotAllowed));

        (_, Device? reinstated) = await ChangeAsync("plc-1", new DeviceChange.Reinstate("found again"));
        Assert.That((reinstated!.Revocation, reinstated.State), Is.EqualTo(((Revocation?)null, LifecycleState.Onboarding)));
        Assert.That(await RefusalOf("plc-1", new DeviceChange.Reinstate("again")), Is.EqualTo(RefusalKind.NotAllowed));
    }

    [Test]
    public async Task What_is_to_be_done_to_a_device_that_is_not_there_is_refused()
    {
        DeviceChange[] changes =
            [new DeviceChange.SetState(LifecycleState.Active), new DeviceChange.SetRisk(1), new DeviceChange.Revoke("r"), new DeviceChange.Reinstate("r"), new DeviceChange.Delete()];
        foreach (DeviceChange change in changes)
            Assert.That(await RefusalOf("nobody", change), Is.EqualTo(RefusalKind.NotFound), change.Verb);
    }

    [Test]
    public async Task Pages_together_hold_every_device_once_in_ordinal_order()
    {
        string[] ids = ["a", "B", "b-1", "b.1", "b_1", "A", "Z9", "z10", "plc-0042"];
        foreach (string id in ids)
            await ChangeAsync(id, StoreWorld.Upsert(site: id == "A" ? "s2" : "s1"));

        List<string> listed = [];
        while (await _store.ListAsync(null, null, listed.LastOrDefault() ?? "", 2) is { Count: > 0 } page)
            listed.AddRange(page.Select(device => device.Id));

        Assert.That(listed, Is.EqualTo(ids.Order(StringComparer.Ordinal)));
        Assert.That((await _store.ListAsync("s2", null, "", 10)).Select(device => device.Id), Is.EqualTo(new[] { "A" }));
        await ChangeAsync("b-1", new DeviceChange.SetState(LifecycleState.Quarantined));
        Assert.That((await _store.ListAsync("s1", LifecycleState.Quarantined, "", 10)).Select(device => device.Id), Is.EqualTo(new[] { "b-1" }));
        Assert.That(await _store.ListAsync("s2", LifecycleState.Quarantined, "", 10), Is.Empty);
    }

    [Test]
    public async Task The_history_of_a_device_says_who_did_what_and_why_and_can_be_forgotten()
    {
        await ChangeAsync("plc-1", StoreWorld.Upsert());
        await ChangeAsync("plc-1", new DeviceChange.SetRisk(70, "port scan"));
        await ChangeAsync("plc-2", StoreWorld.Upsert());

        IReadOnlyList<DeviceHistory> history = await _store.HistoryAsync("plc-1", 10);
        Assert.That(history.Select(change => (change.Actor, change.Verb, change.Reason)), Is.EqualTo(new[] { (StoreWorld.Operator, "risk 70", (string?)"port scan"), (StoreWorld.Operator, "upsert", null) }));

        await _store.ForgetChangesAsync(_world.Clock.GetUtcNow().AddDays(1), newest: 0);
        Assert.That(await _store.HistoryAsync("plc-1", 10), Is.Empty);
        Assert.That((await _store.FindAsync("plc-1"))!.Risk, Is.EqualTo(70));
    }

    [Test]
    public async Task A_long_history_is_forgotten_in_parts_and_the_newest_changes_stay_whatever_time_they_carry()
    {
        const int Old = 2_500, Newest = 7;
        await _store.ChangeAllAsync([.. Enumerable.Range(0, Old).Select(i => ($"plc-{i}", (DeviceChange)StoreWorld.Upsert()))], StoreWorld.Operator, Writing.AllOrNothing);
        await ChangeAsync("plc-0", new DeviceChange.Revoke("stolen"));
        await ChangeAsync("plc-0", new DeviceChange.Reinstate("found"));
        for (int risk = 0; risk < Newest; risk++)
            await ChangeAsync("plc-1", new DeviceChange.SetRisk(risk));
        if (backend == Backend.Postgres)
            await _world.TamperAsync("""
                CREATE FUNCTION only_parts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF (SELECT COUNT(*) FROM gone) > 1000 THEN RAISE EXCEPTION 'too many at once'; END IF;
                  RETURN NULL;
                END $$;
                CREATE TRIGGER parts AFTER DELETE ON changes REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION only_parts();
                """);

        await _store.ForgetChangesAsync(_world.Clock.GetUtcNow(), Newest);
        Assert.That(await _store.HistoryAsync("plc-2", 10), Has.Count.EqualTo(1), "nothing is older than the clock says");

        await _store.ForgetChangesAsync(_world.Clock.GetUtcNow().AddDays(1), Newest);
        Assert.That((await _store.HistoryAsync("plc-0", 10)).Select(change => change.Verb), Is.EqualTo(new[] { "reinstate" }));
        Assert.That((await _store.HistoryAsync("plc-1", 20)).Select(change => change.Verb), Is.EqualTo(Enumerable.Range(0, Newest).Reverse().Select(risk => $"risk {risk}")));
        foreach (int device in new[] { 2, 999, 1_000, 1_001, Old - 1 })
            Assert.That(await _store.HistoryAsync($"plc-{device}", 10), Is.Empty, $"{device}");
    }

    [Test]
    public async Task Many_changes_are_one_all_or_nothing_or_the_good_ones_alone()
    {
        await ChangeAsync("dead", StoreWorld.Upsert(LifecycleState.Retired));
        (string, DeviceChange)[] changes = [.. Enumerable.Range(0, 1_001).Select(i => ($"plc-{i}", (DeviceChange)StoreWorld.Upsert(risk: i % 100))), ("dead", StoreWorld.Upsert(LifecycleState.Active))];

        foreach (Writing none in new[] { Writing.AllOrNothing, Writing.Nothing })
        {
            Written would = await _store.ChangeAllAsync(changes, StoreWorld.Operator, none);
            Assert.That((would.IsWritten, would.Changed, would.Refusals.Count(refusal => refusal is not null)), Is.EqualTo((false, 1_001, 1)));
        }
        Assert.That((await _store.ListAsync(null, null, "", 10)).Select(device => device.Id), Is.EqualTo(new[] { "dead" }));

        Written written = await _store.ChangeAllAsync(changes, StoreWorld.Operator, Writing.KeepGood);
        Assert.That((written.Changed, written.Refusals.Count(refusal => refusal is not null), written.Refusals[^1]!.Kind), Is.EqualTo((1_001, 1, RefusalKind.NotAllowed)));
        Assert.That((await _store.FindAsync("plc-1000"))!.Version, Is.EqualTo(written.Sequence));
        Assert.That((await _store.FindAsync("dead"))!.State, Is.EqualTo(LifecycleState.Retired));

        Written again = await _store.ChangeAllAsync(changes, StoreWorld.Operator, Writing.KeepGood);
        Assert.That((again.Changed, again.Sequence), Is.EqualTo((0, written.Sequence)));
    }

    [Test]
    public async Task A_long_list_of_changes_is_written_in_parts_between_which_others_make_theirs()
    {
        const int Parts = 20;
        // Another replica where there may be some: writers of one process know of each other.
        DeviceStore other = backend == Backend.Postgres ? _world.Store() : _store;
        await ChangeAsync("stolen", StoreWorld.Upsert());
        await ChangeAsync("dead", StoreWorld.Upsert(LifecycleState.Retired));
        (string, DeviceChange)[] changes =
            [("dead", StoreWorld.Upsert(LifecycleState.Active)), .. Enumerable.Range(1, Parts * DeviceStore.PartSize - 1).Select(i => ($"plc-{i}", (DeviceChange)StoreWorld.Upsert(risk: i % 100)))];
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<Written> parts = [];
        void Wrote(Written part)
        {
            lock (parts)
                parts.Add(part);
            begun.TrySetResult();
        }

        Task import = Task.Run(() => _store.ChangeInPartsAsync(changes, StoreWorld.Operator, Wrote));
        await begun.Task;
        await other.ChangeAsync("stolen", new DeviceChange.Revoke("stolen"), StoreWorld.Operator);
        int before;
        lock (parts)
            before = parts.Count;
        await import;

        Assert.That(parts, Has.Count.EqualTo(Parts));
        Assert.That(before, Is.LessThan(Parts), "who waits, waits for a part and not for all of them");
        Assert.That(parts.Sum(part => part.Changed), Is.EqualTo(changes.Length - 1));
        Assert.That(parts[0].Refusals[0]!.Kind, Is.EqualTo(RefusalKind.NotAllowed));
        Assert.That((await _store.FindAsync($"plc-{changes.Length - 1}"))!.Version, Is.EqualTo(parts[^1].Sequence));
    }

    [Test]
    public async Task A_change_that_waits_too_long_for_another_is_not_made_and_says_that_the_registry_is_busy()
    {
        await ChangeAsync("plc-1", StoreWorld.Upsert());
        await using IRegistryDatabase holding = _world.Database();
        await using DbConnection connection = await holding.OpenAsync(create: false, CancellationToken.None);
        await using DbTransaction transaction = await connection.BeginTransactionAsync();
        await using DbCommand command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, "UPDATE registry SET sequence = sequence");
        await command.ExecuteNonQueryAsync();

        RegistryUnavailableException? fault = await Assert.ThrowsAsync<RegistryUnavailableException>(() => ChangeAsync("plc-1", StoreWorld.Upsert(site: "a")));
        Assert.That(fault!.IsBusy, Is.True, fault.Message);
        await transaction.RollbackAsync();

        Assert.That((await _store.FindAsync("plc-1"))!.Site, Is.Null);
        await ChangeAsync("plc-1", StoreWorld.Upsert(site: "a"));
    }

    [Test]
    public async Task Migrating_again_and_from_several_at_once_changes_nothing()
    {
        await ChangeAsync("plc-1", StoreWorld.Upsert());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _world.Store().MigrateAsync())));

        Assert.That(await _store.FindAsync("plc-1"), Is.Not.Null);
    }

    [Test]
    public async Task Empty_tables_are_made_once_also_by_several_at_once()
    {
        await using var world = new StoreWorld(backend);
        DeviceStore[] stores = [.. Enumerable.Range(0, 4).Select(_ => world.Store())];

        await Task.WhenAll(stores.Select(store => Task.Run(() => store.MigrateAsync())));

        await stores[0].ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        Assert.That(await stores[3].FindAsync("plc-1"), Is.Not.Null);
    }

    [Test]
    public async Task Writers_at_the_same_time_lose_nothing()
    {
        const int Writers = 6, Each = 25;
        await ChangeAsync("shared", StoreWorld.Upsert());
        DeviceStore[] stores = [.. Enumerable.Range(0, Writers).Select(_ => _world.Store())];

        await Task.WhenAll(stores.Select((store, writer) => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                await store.ChangeAsync($"plc-{writer}-{i}", StoreWorld.Upsert(), StoreWorld.Operator);
                // Optimistic writers of one device: each counts one on, and tries again where another was first.
                while (!await CountOn(store))
                {
                }
            }
        })));

        Assert.That(await _store.ListAsync(null, null, "", 1_000), Has.Count.EqualTo(Writers * Each + 1));
        Assert.That((await _store.FindAsync("shared"))!.Attributes.Items.Single().Value, Is.EqualTo(AttributeValue.Of(Writers * Each)));
    }

    private static async Task<bool> CountOn(DeviceStore store)
    {
        Device device = (await store.FindAsync("shared"))!;
        long count = device.Attributes.Items is [{ Value: var value }] ? value.Integer : 0;
        try
        {
            await store.ChangeAsync("shared", StoreWorld.Upsert(attributes: StoreWorld.Attributes(("count", AttributeValue.Of(count + 1))), expected: device.Version), StoreWorld.Operator);
            return true;
        }
        catch (DeviceRefusedException refused) when (refused.Refusal.Kind == RefusalKind.Conflict)
        {
            return false;
        }
    }

    private Task<(long Sequence, Device? Device)> ChangeAsync(string id, DeviceChange change) => _store.ChangeAsync(id, change, StoreWorld.Operator);

    private async Task<RefusalKind?> RefusalOf(string id, DeviceChange change) =>
        (await Assert.ThrowsAsync<DeviceRefusedException>(async () => await ChangeAsync(id, change)))?.Refusal.Kind;
}
