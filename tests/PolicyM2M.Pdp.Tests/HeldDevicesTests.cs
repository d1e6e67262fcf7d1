using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Databases;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Whom a server holds for revoked although the registry does not say so, and until when.</summary>
[TestFixture]
[CancelAfter(60_000)]
public sealed class HeldDevicesTests
{
    private const string Operator = "spiffe://test.example/operator/o";
    private static readonly DeviceChange Revoke = new DeviceChange.Revoke("stolen"), Reinstate = new DeviceChange.Reinstate("found");

    private TemporaryFolder _folder = null!;
    private ManualTime _clock = null!;
    private DeviceStore _writer = null!;

    [SetUp]
    public async Task Open()
    {
        _folder = new TemporaryFolder();
        _clock = new ManualTime();
        _writer = Store();
        await _writer.MigrateAsync();
        await ChangeAsync("plc-1", Upsert());
    }

    [TearDown]
    public async Task Close()
    {
        await _writer.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task A_backup_does_not_undo_a_revocation_however_much_was_written_to_it_since([Values] bool isConnected)
    {
        Backup();
        await ChangeAsync("plc-1", Revoke);
        var server = new Server(this);
        await server.LookAsync();
        Restore();
        for (int risk = 0; risk < 5; risk++)
            await ChangeAsync("plc-1", new DeviceChange.SetRisk(risk));

        Server after = isConnected ? server : new Server(this);
        await after.LookAsync();

        Assert.That((after.IsRevoked("plc-1"), after.Held), Is.EqualTo((true, "plc-1")));
        Assert.That((await _writer.FindAsync("plc-1"))!.Revocation, Is.Null);
    }

    [Test]
    public async Task Who_was_reinstated_while_a_server_was_away_is_reinstated_there_too_however_long_that_was([Values] bool isDeleted)
    {
        await ChangeAsync("plc-1", Revoke);
        await new Server(this).LookAsync();
        await ChangeAsync("plc-1", Reinstate);
        if (isDeleted)
            await ChangeAsync("plc-1", new DeviceChange.Delete());
        _clock.Advance(TimeSpan.FromDays(400));
        await _writer.ForgetChangesAsync(_clock.GetUtcNow(), newest: 0);

        var server = new Server(this);
        await server.LookAsync();

        Assert.That((server.IsRevoked("plc-1"), server.Held), Is.EqualTo((false, "")));
    }

    [Test]
    public async Task A_hold_ends_with_a_reinstatement_also_where_nobody_saw_the_revocation_before_it([Values] bool isConnected)
    {
        Backup();
        await ChangeAsync("plc-1", Revoke);
        await new Server(this).LookAsync();
        Restore();
        var holding = new Server(this);
        await holding.LookAsync();
        Assert.That(holding.Held, Is.EqualTo("plc-1"));
        await ChangeAsync("plc-1", new DeviceChange.SetRisk(1));
        await holding.LookAsync();
        Assert.That(holding.Held, Is.EqualTo("plc-1"), "a change is no pardon");

        await ChangeAsync("plc-1", Revoke);
        await ChangeAsync("plc-1", Reinstate);
        Server after = isConnected ? holding : new Server(this);
        await after.LookAsync();

        Assert.That((after.IsRevoked("plc-1"), after.Held), Is.EqualTo((false, "")));
        Assert.That(new Server(this).IsRevoked("plc-1"), Is.False, "nor in the file");
    }

    [Test]
    public async Task A_reinstatement_that_was_taken_in_before_pardons_no_later_revocation()
    {
        await ChangeAsync("plc-1", Revoke);
        var server = new Server(this);
        await server.LookAsync();
        await ChangeAsync("plc-1", Reinstate);
        Backup();
        await ChangeAsync("plc-1", Revoke);
        await server.LookAsync();
        Restore();

        var after = new Server(this);
        await after.LookAsync();

        Assert.That((after.IsRevoked("plc-1"), after.Held), Is.EqualTo((true, "plc-1")));
    }

    [Test]
    public async Task A_reinstatement_in_another_registry_says_nothing_of_this_one()
    {
        await ChangeAsync("plc-1", Revoke);
        await new Server(this).LookAsync();
        foreach (string file in Directory.EnumerateFiles(_folder.Path, "registry.db*"))
            File.Delete(file);
        await _writer.MigrateAsync();
        foreach (DeviceChange change in new[] { Upsert(), Revoke, Reinstate })
            await ChangeAsync("plc-1", change);

        var server = new Server(this);
        await server.LookAsync();
        Assert.That(server.Held, Is.EqualTo("plc-1"));

        await ChangeAsync("plc-1", Revoke);
        await ChangeAsync("plc-1", Reinstate);
        await server.LookAsync();
        Assert.That(server.Held, Is.Empty);
    }

    [Test]
    public async Task The_file_of_an_earlier_version_is_read_and_written_anew([Values] bool isReinstated)
    {
        if (isReinstated)
        {
            await ChangeAsync("plc-1", Revoke);
            await ChangeAsync("plc-1", Reinstate);
        }
        Directory.CreateDirectory(_folder["folder.json"]);
        Assert.That(() => RevokedDevices.Open(_folder["folder.json"]), Throws.TypeOf<StartupException>().With.Message.Contains("it is a folder, and a file is expected"));
        File.WriteAllText(_folder["revoked.json"], "[\"plc-1\",\"plc-2\"]\n");

        var server = new Server(this);
        Assert.That((server.IsRevoked("plc-1"), server.IsRevoked("plc-2")), Is.EqualTo((true, true)), "before the registry was reached");
        await server.LookAsync();

        Assert.That(server.Held, Is.EqualTo(isReinstated ? "plc-2" : "plc-1,plc-2"));
        Assert.That(File.ReadAllText(_folder["revoked.json"]), Does.Match("^\\{\"registry\":\"[0-9a-f]{32}\",\"sequence\":[0-9]+,\"revoked\":\\[\\],\"held\":\\[.*\"plc-2\"\\]\\}\n$"));
    }

    private static DeviceChange.Upsert Upsert() => new(null, null, null, DeviceAttributes.None);

    private async Task ChangeAsync(string id, DeviceChange change) => await _writer.ChangeAsync(id, change, Operator);

    private DeviceStore Store() => new(new SqliteDatabase(_folder["registry.db"], TimeProvider.System), _clock);

    private void Backup()
    {
        Settle();
        File.Copy(_folder["registry.db"], _folder["backup"]);
    }

    private void Restore()
    {
        Settle();
        File.Copy(_folder["backup"], _folder["registry.db"], overwrite: true);
    }

    /// <summary>Folds the write-ahead log into the file, by whoever closes it last.</summary>
    private void Settle()
    {
        _writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _writer = Store();
        Assert.That(File.Exists(_folder["registry.db-wal"]), Is.False, "nobody has it open");
    }

    /// <summary>One server of several, with a copy in memory and a file of its own; begun anew it has the file.</summary>
    private sealed class Server
    {
        private readonly DeviceReplica _replica;
        private readonly RevokedDevices _revoked;

        public Server(HeldDevicesTests world)
        {
            _replica = new DeviceReplica(world._writer);
            _revoked = RevokedDevices.Open(world._folder["revoked.json"]);
        }

        public string Held => string.Join(',', _revoked.Held.Order(StringComparer.Ordinal));

        public bool IsRevoked(string id) => _replica.Id.Length > 0 ? _replica.Registry.IsRevoked(id) : _revoked.Alone.IsRevoked(id);

        public async Task LookAsync() => _revoked.Take(_replica, await _replica.SynchronizeAsync());
    }
}
