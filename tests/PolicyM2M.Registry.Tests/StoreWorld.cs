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

    /// <summary>A store of its own for this database, as another process would have.</summary>
    public DeviceStore Store(string? postgres = null)
    {
        var store = new DeviceStore(_connectionString is null ? new SqliteDatabase(SqlitePath, TimeProvider.System) : new PostgresDatabase(postgres ?? _connectionString), Clock);
        _stores.Add(store);
        return store;
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
