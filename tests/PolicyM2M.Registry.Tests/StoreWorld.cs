using System.Data.Common;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Registry.Databases;
using PolicyM2M.Testing;

namespace PolicyM2M.Registry.Tests;

/// <summary>The databases that can hold a registry.</summary>
public enum Backend
{
    Sqlite,
    Postgres,
}

/// <summary>An empty database and those who use it.</summary>
internal sealed class StoreWorld : IAsyncDisposable
{
    public const string Operator = "spiffe://test.example/operator/o";

    private readonly TemporaryFolder _folder = new();
    private readonly List<DeviceStore> _stores = [];
    private readonly string? _connectionString;

    public StoreWorld(Backend backend) => _connectionString = backend == Backend.Postgres ? PostgresServer.Running.CreateDatabase() : null;

    public ManualTime Clock { get; } = new();

    public string SqlitePath => _folder["registry.db"];

    /// <summary>The database itself.</summary>
    /// <param name="poll">How long a follower waits where nobody tells it anything; null for the usual.</param>
    public IRegistryDatabase Database(TimeSpan? poll = null) => (_connectionString, poll) switch
    {
        (null, null) => new SqliteDatabase(SqlitePath, TimeProvider.System),
        (null, { } other) => new SqliteDatabase(SqlitePath, TimeProvider.System) { Poll = other },
        ({ } connection, null) => new PostgresDatabase(connection),
        ({ } connection, { } other) => new PostgresDatabase(connection) { Poll = other },
    };

    /// <summary>A store of its own for this database, as another process would have.</summary>
    public DeviceStore Store(TimeSpan? poll = null)
    {
        var store = new DeviceStore(Database(poll), Clock);
        _stores.Add(store);
        return store;
    }

    /// <summary>Does to the database what this program never would.</summary>
    public async Task TamperAsync(string sql)
    {
        await using IRegistryDatabase database = Database();
        await using DbConnection connection = await database.OpenAsync(create: false, CancellationToken.None);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A store whose tables are made.</summary>
    public async Task<DeviceStore> ReadyStoreAsync()
    {
        DeviceStore store = Store();
        await store.MigrateAsync();
        return store;
    }

    public static DeviceAttributes Attributes(params (string Name, AttributeValue Value)[] values) =>
        DeviceAttributes.Of(values.Select(value => KeyValuePair.Create(value.Name, value.Value)));

    public static DeviceChange.Upsert Upsert(LifecycleState? state = null, string? site = null, int? risk = null, DeviceAttributes? attributes = null, long? expected = null) =>
        new(state, site, risk, attributes ?? DeviceAttributes.None, expected);

    public async ValueTask DisposeAsync()
    {
        foreach (DeviceStore store in _stores)
            await store.DisposeAsync();
        _folder.Dispose();
    }
}
