using System.Data.Common;
using PolicyM2M.Registry.Databases;
using PolicyM2M.Testing;

namespace PolicyM2M.Registry.Tests;

/// <summary>Databases go away and come back.</summary>
[TestFixture]
[CancelAfter(180_000)]
public sealed class OutageTests
{
    [Test]
    public async Task A_replica_whose_file_was_away_reads_everything_anew_and_says_what_differs()
    {
        await using var world = new StoreWorld(Backend.Sqlite);
        DeviceStore here = await world.ReadyStoreAsync();
        await here.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        await here.ChangeAsync("plc-2", StoreWorld.Upsert(), StoreWorld.Operator);
        var replica = new DeviceReplica(world.Store());
        await replica.SynchronizeAsync();
        DeviceRegistry before = replica.Registry;

        string away = world.SqlitePath + ".away";
        File.Move(world.SqlitePath, away);
        Assert.That(async () => await replica.SynchronizeAsync(), Throws.TypeOf<RegistryUnavailableException>().With.Message.StartsWith($"sqlite:{world.SqlitePath}: "));
        Assert.That(replica.Registry, Is.SameAs(before), "what to do with what is outdated is for its holder to say");

        File.Move(away, world.SqlitePath);
        await here.ChangeAsync("plc-2", new DeviceChange.SetRisk(9), StoreWorld.Operator);
        DeviceNews news = await replica.SynchronizeAsync();
        Assert.That((news.IsLoad, string.Join(',', news.Changed)), Is.EqualTo((true, "plc-2")));
    }

    [Test]
    public async Task A_server_that_is_stopped_and_started_again_is_followed_again()
    {
        using var server = new TemporaryPostgres();
        string connection = server.CreateDatabase();
        await using var here = new DeviceStore(new PostgresDatabase(connection), TimeProvider.System);
        await using var there = new DeviceStore(new PostgresDatabase(connection), TimeProvider.System);
        var replica = new DeviceReplica(there);
        await replica.SynchronizeAsync();
        await replica.WaitForNewsAsync();
        await here.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);
        await replica.WaitForNewsAsync();
        await replica.SynchronizeAsync();

        server.Stop();
        Assert.That(async () => await replica.SynchronizeAsync(), Throws.TypeOf<RegistryUnavailableException>());
        // The server's last words are news too; after them the wait fails.
        Assert.That(async () =>
        {
            while (true)
                await replica.WaitForNewsAsync(TestContext.CurrentContext.CancellationToken);
        }, Throws.TypeOf<RegistryUnavailableException>());
        Assert.That(async () => await here.ChangeAsync("plc-1", new DeviceChange.SetRisk(1), StoreWorld.Operator), Throws.TypeOf<RegistryUnavailableException>());

        server.Start();
        Assert.That((await replica.SynchronizeAsync()).IsLoad, Is.True);
        await replica.WaitForNewsAsync();
        await here.ChangeAsync("plc-1", new DeviceChange.SetRisk(1), StoreWorld.Operator);
        await replica.WaitForNewsAsync();
        await replica.SynchronizeAsync();
        Assert.That(replica.Registry.Find("plc-1")!.Risk, Is.EqualTo(1));
    }

    [Test]
    public async Task A_writer_that_vanished_in_the_middle_does_not_hold_the_others_up()
    {
        await using var world = new StoreWorld(Backend.Postgres);
        DeviceStore store = await world.ReadyStoreAsync();
        await using IRegistryDatabase vanishing = world.Database();
        await using DbConnection connection = await vanishing.OpenAsync(create: false, CancellationToken.None);
        await using DbTransaction transaction = await connection.BeginTransactionAsync();
        await using DbCommand command = connection.CreateCommand();
        // As the product limits every session, and shorter.
        (command.Transaction, command.CommandText) = (transaction, "SELECT current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('lock_timeout')");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("15s 8s"));
        command.CommandText = "SET LOCAL idle_in_transaction_session_timeout = '200ms'; UPDATE registry SET sequence = sequence";
        await command.ExecuteNonQueryAsync();

        await store.ChangeAsync("plc-1", StoreWorld.Upsert(), StoreWorld.Operator);

        Assert.That(await store.FindAsync("plc-1"), Is.Not.Null);
    }

    [Test]
    public async Task A_message_about_a_server_holds_no_password()
    {
        await using var store = new DeviceStore(new PostgresDatabase("Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Database=d"), TimeProvider.System);

        RegistryUnavailableException? fault = await Assert.ThrowsAsync<RegistryUnavailableException>(async () => await store.MigrateAsync());

        Assert.That(fault!.ToString(), Does.Contain("postgres:127.0.0.1/d").And.Not.Contain("hunter2"));
    }
}
