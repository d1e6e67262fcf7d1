using System.Data.Common;
using PolicyM2M.Registry.Databases;

namespace PolicyM2M.Registry;

/// <summary>The registry on disk: what operators write, and what replicas read. Safe for all threads: it keeps nothing but whose turn it is to write.</summary>
public sealed class DeviceStore : IAsyncDisposable
{
    /// <summary>The most devices of one page.</summary>
    public const int LargestPage = 1_000;

    /// <summary>So many changes of a long list are one transaction: whoever waits for it waits for some tens of milliseconds.</summary>
    public const int PartSize = 1_000;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8), BetweenParts = TimeSpan.FromMilliseconds(20);

    private readonly IRegistryDatabase _database;

    /// <summary>The writers of this process go in the order in which they came: the lock of SQLite goes to whoever looks at the right moment, which a long list of changes always does.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    private readonly TimeProvider _clock;

    /// <param name="database">Where it is kept.</param>
    /// <param name="clock">Whose time changes carry.</param>
    public DeviceStore(IRegistryDatabase database, TimeProvider clock)
    {
        _database = database;
        _clock = clock;
    }

    /// <summary>What to call it in a message; it holds no secrets.</summary>
    public string Name => _database.Name;

    /// <summary>Makes the tables, or brings them to what this program knows.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken = default) => MigrateAsync(create: true, cancellationToken);

    /// <summary>Likewise.</summary>
    /// <param name="create">Whether a file is made where there is none. One that was there a moment ago is on a disk that went away, and comes back with it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    internal Task MigrateAsync(bool create, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        await Migrations.RunAsync(_database, create, cancellationToken).ConfigureAwait(false);
        return true;
    });

    /// <summary>The device of this id; null where there is none.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public Task<Device?> FindAsync(string id, CancellationToken cancellationToken = default) => ReadAsync(async sql =>
        (await DevicesAsync(sql, "WHERE id = @id", ("id", id)).ConfigureAwait(false)).FirstOrDefault(), cancellationToken);

    /// <summary>Devices in the order of their ids.</summary>
    /// <param name="site">Of this site only; null for all.</param>
    /// <param name="state">In this state only; null for all.</param>
    /// <param name="after">Those after this id; empty for the first.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public Task<IReadOnlyList<Device>> ListAsync(string? site, LifecycleState? state, string after, int count, CancellationToken cancellationToken = default)
    {
        var where = new List<string> { "id > @after" };
        var values = new List<(string, object?)> { ("after", after), ("count", Math.Clamp(count, 1, LargestPage)) };
        if (site is not null)
        {
            where.Add("site = @site");
            values.Add(("site", site));
        }
        if (state is { } wanted)
        {
            where.Add("state = @state");
            values.Add(("state", LifecycleStates.Text(wanted)));
        }
        return ReadAsync<IReadOnlyList<Device>>(
            async sql => await DevicesAsync(sql, $"WHERE {string.Join(" AND ", where)} ORDER BY id LIMIT @count", [.. values]).ConfigureAwait(false), cancellationToken);
    }

    /// <summary>Changes one device.</summary>
    /// <returns>The number of the change, or of the last before it where all was so already; and the device, null where it is gone.</returns>
    /// <exception cref="DeviceRefusedException">The change is not allowed; nothing has changed.</exception>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public async Task<(long Sequence, Device? Device)> ChangeAsync(string id, DeviceChange change, string actor, CancellationToken cancellationToken = default)
    {
        Written written = await ChangeAllAsync([(id, change)], actor, Writing.AllOrNothing, cancellationToken).ConfigureAwait(false);
        if (written.Refusals[0] is { } refusal)
            throw new DeviceRefusedException(refusal);
        return (written.Sequence, written.Devices[0]);
    }

    /// <summary>Changes many devices, each once, in one transaction.</summary>
    /// <param name="changes">What to do; no id twice.</param>
    /// <param name="actor">Who does it.</param>
    /// <param name="writing">What is written where a change is refused.</param>
    /// <param name="cancellationToken">Ends the attempt, as long as nothing is being committed.</param>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public async Task<Written> ChangeAllAsync(
        IReadOnlyList<(string Id, DeviceChange Change)> changes, string actor, Writing writing, CancellationToken cancellationToken = default)
    {
        if (writing == Writing.Nothing)
            return await TryAsync(changes, cancellationToken).ConfigureAwait(false);
        if (!await _turn.WaitAsync(LongestWait, cancellationToken).ConfigureAwait(false))
            throw new RegistryUnavailableException(Name, new TimeoutException("other changes are being made"), isBusy: true);
        try
        {
            Written written = await GuardAsync(() => WriteAsync(changes, actor, writing, cancellationToken)).ConfigureAwait(false);
            if (written.IsWritten)
                _database.Committed();
            return written;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Changes many devices, each once, in parts, each of which is a transaction of its own: others make their changes between. What is refused is left out.</summary>
    /// <param name="changes">What to do; no id twice.</param>
    /// <param name="actor">Who does it.</param>
    /// <param name="wrote">Told what came of each part once it is written, in the order of the changes.</param>
    /// <param name="cancellationToken">Ends it between two parts, or before one is being committed.</param>
    /// <exception cref="RegistryUnavailableException">The database cannot be used; the parts that were told of are written.</exception>
    public async Task ChangeInPartsAsync(
        IReadOnlyList<(string Id, DeviceChange Change)> changes, string actor, Action<Written> wrote, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(wrote);
        foreach ((int index, (string, DeviceChange)[] part) in changes.Chunk(PartSize).Index())
        {
            // For other processes that share a file of SQLite: they look at its lock a few times a second.
            if (index > 0)
                await Task.Delay(BetweenParts, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            wrote(await ChangeAllAsync(part, actor, Writing.KeepGood, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>
    /// Forgets who changed what before that instant; what devices are now stays. So does the last reinstatement of each: by it, whoever was away for longer learns that a device which it knows to be
    /// revoked was brought back, and not lost.
    /// </summary>
    /// <param name="before">What happened earlier, by the clock of whoever wrote it.</param>
    /// <param name="newest">So many of the newest changes stay, whatever time they carry: a writer whose clock is behind must not have its changes forgotten before others have seen them.</param>
    /// <param name="cancellationToken">Ends it after the part that is being forgotten.</param>
    /// <exception cref="RegistryUnavailableException">The database cannot be used; a part may be forgotten.</exception>
    public Task ForgetChangesAsync(DateTimeOffset before, long newest, CancellationToken cancellationToken = default) => ReadAsync(async sql =>
    {
        await ForgottenChanges.RunAsync(sql, before, newest).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <summary>The latest changes of a device, newest first.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public Task<IReadOnlyList<DeviceHistory>> HistoryAsync(string id, int count, CancellationToken cancellationToken = default) => ReadAsync<IReadOnlyList<DeviceHistory>>(async sql =>
    {
        List<DeviceHistory> history = [];
        await sql.EachAsync("SELECT sequence, at, actor, verb, reason FROM changes WHERE device_id = @id ORDER BY sequence DESC LIMIT @count",
            row => history.Add(new DeviceHistory(row.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4))),
            ("id", id), ("count", count)).ConfigureAwait(false);
        return history;
    }, cancellationToken);

    /// <summary>All devices, of one moment.</summary>
    internal Task<LoadedDevices> LoadAsync(CancellationToken cancellationToken) => ReadAsync(async sql =>
    {
        // One statement, so that all of it is of one moment; a registry without devices still has its sequence.
        (string registry, long sequence) = ("", 0);
        List<Device> devices = [];
        var shared = new SharedTexts();
        await sql.EachAsync($"SELECT r.identity, r.sequence, {DeviceRows.Columns} FROM registry r LEFT JOIN devices d ON true", row =>
        {
            (registry, sequence) = (row.GetString(0), row.GetInt64(1));
            if (!row.IsDBNull(2))
                devices.Add(DeviceRows.Read(row, shared, first: 2));
        }).ConfigureAwait(false);
        // What came later than that moment is left out.
        var reinstated = new Dictionary<string, long>(StringComparer.Ordinal);
        await sql.EachAsync("SELECT device_id, MAX(sequence) FROM changes WHERE verb = @verb AND sequence <= @sequence GROUP BY device_id",
            row => reinstated[row.GetString(0)] = row.GetInt64(1), ("verb", DeviceChange.Reinstate.Name), ("sequence", sequence)).ConfigureAwait(false);
        return new LoadedDevices(registry, sequence, devices, reinstated);
    }, cancellationToken);

    /// <summary>What was changed after a number; null where the registry is older than that number.</summary>
    internal Task<ChangedDevices?> ChangedSinceAsync(long sequence, CancellationToken cancellationToken) => ReadAsync(async sql =>
    {
        long last = await sql.NumberAsync("SELECT sequence FROM registry").ConfigureAwait(false);
        if (last < sequence)
            return null;
        List<(string, Device?)> changed = [];
        var reinstated = new Dictionary<string, long>(StringComparer.Ordinal);
        if (last == sequence)
            return new ChangedDevices(last, changed, reinstated);
        // Numbers are given under the lock of the one row of `registry`, which its holder keeps until it has committed: no lower one can appear later.
        var shared = new SharedTexts();
        await sql.EachAsync($"SELECT c.device_id, c.newest, c.reinstated, {DeviceRows.Columns} FROM "
            + "(SELECT device_id, MAX(sequence) AS newest, MAX(CASE WHEN verb = @verb THEN sequence END) AS reinstated FROM changes WHERE sequence > @sequence GROUP BY device_id) c "
            + "LEFT JOIN devices d ON d.id = c.device_id", row =>
            {
                string id = row.GetString(0);
                last = Math.Max(last, row.GetInt64(1));
                changed.Add((id, row.IsDBNull(3) ? null : DeviceRows.Read(row, shared, first: 3)));
                if (!row.IsDBNull(2))
                    reinstated[id] = row.GetInt64(2);
            }, ("verb", DeviceChange.Reinstate.Name), ("sequence", sequence)).ConfigureAwait(false);
        return new ChangedDevices(last, changed, reinstated);
    }, cancellationToken);

    /// <summary>Waits until something was committed, or may have been.</summary>
    internal Task WaitForNewsAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        await _database.WaitForNewsAsync(cancellationToken).ConfigureAwait(false);
        return true;
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    /// <summary>Works out what would come of changes, and holds nobody up.</summary>
    private Task<Written> TryAsync(IReadOnlyList<(string Id, DeviceChange Change)> changes, CancellationToken cancellationToken) => ReadAsync(async sql =>
    {
        long sequence = await sql.NumberAsync("SELECT sequence FROM registry").ConfigureAwait(false);
        Dictionary<string, Device> before = await KnownAsync(sql, changes.Select(change => change.Id)).ConfigureAwait(false);
        Outcome outcome = Outcome.Of(changes, before, sequence, Now());
        return new Written(false, sequence, outcome.Before, outcome.Devices, outcome.Refusals, outcome.Changed);
    }, cancellationToken);

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(_clock.GetUtcNow().ToUnixTimeMilliseconds());

    private async Task<Written> WriteAsync(IReadOnlyList<(string Id, DeviceChange Change)> changes, string actor, Writing writing, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Now();
        DbConnection connection = await _database.OpenAsync(create: false, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var sql = new SqlSession(connection, transaction, cancellationToken);
                // The row's lock makes writers one after the other, so that the numbers of changes become visible in their order.
                await sql.RunAsync("UPDATE registry SET sequence = sequence").ConfigureAwait(false);
                long sequence = await sql.NumberAsync("SELECT sequence FROM registry").ConfigureAwait(false);
                Dictionary<string, Device> before = await KnownAsync(sql, changes.Select(change => change.Id)).ConfigureAwait(false);
                Outcome outcome = Outcome.Of(changes, before, sequence, now);
                bool isWritten = writing == Writing.KeepGood || outcome.Refusals.TrueForAll(refusal => refusal is null);
                if (isWritten && outcome.Changed > 0)
                {
                    await DeviceRows.WriteAsync(sql, outcome.Put).ConfigureAwait(false);
                    foreach (string id in outcome.Gone)
                        await sql.RunAsync("DELETE FROM devices WHERE id = @id", ("id", id)).ConfigureAwait(false);
                    await LogAsync(sql, outcome, actor, now).ConfigureAwait(false);
                    await sql.RunAsync("UPDATE registry SET sequence = @sequence", ("sequence", outcome.Sequence)).ConfigureAwait(false);
                    await _database.AnnounceAsync(transaction, cancellationToken).ConfigureAwait(false);
                }
                cancellationToken.ThrowIfCancellationRequested();
                // Whoever hangs up from here on is told nothing, but what is written is known to be: a commit that is called off may have happened all the same.
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return new Written(isWritten, isWritten ? outcome.Sequence : sequence, outcome.Before, outcome.Devices, outcome.Refusals, outcome.Changed);
            }
        }
    }

    private static async Task LogAsync(SqlSession sql, Outcome outcome, string actor, DateTimeOffset now)
    {
        const int Columns = 6;
        foreach (LoggedChange[] some in outcome.Log.Chunk(DeviceRows.RowsAtOnce))
        {
            await sql.RunAsync($"INSERT INTO changes (sequence, device_id, at, actor, verb, reason) VALUES {DeviceRows.Places(some.Length, Columns)}",
                DeviceRows.Numbered(some.SelectMany(change => new object?[] { change.Sequence, change.Id, now.ToUnixTimeMilliseconds(), actor, change.Change.Verb, change.Change.Because })))
                .ConfigureAwait(false);
        }
    }

    private static async Task<Dictionary<string, Device>> KnownAsync(SqlSession sql, IEnumerable<string> ids)
    {
        var known = new Dictionary<string, Device>(StringComparer.Ordinal);
        var shared = new SharedTexts();
        foreach (string[] some in ids.Chunk(DeviceRows.RowsAtOnce))
        {
            await sql.EachAsync($"SELECT {DeviceRows.Columns} FROM devices WHERE id IN {DeviceRows.Places(1, some.Length)}", row =>
            {
                Device device = DeviceRows.Read(row, shared);
                known[device.Id] = device;
            }, DeviceRows.Numbered(some)).ConfigureAwait(false);
        }
        return known;
    }

    private static async Task<List<Device>> DevicesAsync(SqlSession sql, string where, params (string Name, object? Value)[] values)
    {
        List<Device> devices = [];
        var shared = new SharedTexts();
        await sql.EachAsync($"SELECT {DeviceRows.Columns} FROM devices {where}", row => devices.Add(DeviceRows.Read(row, shared)), values).ConfigureAwait(false);
        return devices;
    }

    private Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> read, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        DbConnection connection = await _database.OpenAsync(create: false, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await read(new SqlSession(connection, null, cancellationToken)).ConfigureAwait(false);
    });

    /// <summary>All that a database and its driver can throw becomes one exception, which says that the registry is not there.</summary>
    private async Task<T> GuardAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is DbException or IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException or InvalidCastException)
        {
            throw new RegistryUnavailableException(Name, fault, isBusy: fault is DbException said && _database.IsBusy(said));
        }
    }
}
