using System.Data.Common;
using Npgsql;

namespace PolicyM2M.Registry.Databases;

/// <summary>A registry in PostgreSQL, for several replicas. Each listens (LISTEN/NOTIFY) on a connection of its own, and looks every <see cref="Poll"/> in case a notification was lost.</summary>
public sealed class PostgresDatabase : IRegistryDatabase
{
    private const string Channel = "policym2m_devices";

    /// <summary>`m2m` and a number: any number that nobody else locks by.</summary>
    private const long MigrationLock = 0x6D_32_6D_00_0001;

    private const int ConnectSeconds = 3, CommandSeconds = 10;

    /// <summary>
    /// Writers wait for each other, so one whose machine vanished in the middle must not hold the others up for as long as TCP hopes. Whoever waits hears that it waited before its command's
    /// time is over.
    /// </summary>
    private const string SessionLimits = "-c idle_in_transaction_session_timeout=15s -c lock_timeout=8s";

    private readonly NpgsqlDataSource _source;

    /// <summary>Belongs to the one follower that waits.</summary>
    private NpgsqlConnection? _listener;

    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Database=…;Username=…;Password=…;SSL Mode=VerifyFull</c>.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public PostgresDatabase(string connectionString)
    {
        NpgsqlConnectionStringBuilder asked = new(connectionString);
        if (string.IsNullOrEmpty(asked.Host))
            throw new ArgumentException("it names no Host");
        // What a person left open is short: whoever waits for a database that is gone answers from what may be outdated.
        if (!IsGiven(connectionString, "Timeout"))
            asked.Timeout = ConnectSeconds;
        if (!IsGiven(connectionString, "Command Timeout", "CommandTimeout"))
            asked.CommandTimeout = CommandSeconds;
        if (string.IsNullOrEmpty(asked.Options))
            asked.Options = SessionLimits;
        asked.ApplicationName ??= "policym2m";
        Name = $"postgres:{asked.Host}/{asked.Database ?? asked.Username}";
        _source = NpgsqlDataSource.Create(asked);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Dialect => "postgres";

    /// <inheritdoc/>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public async Task<DbConnection> OpenAsync(bool create, CancellationToken cancellationToken) => await OpenAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await RunAsync(transaction, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellationToken).ConfigureAwait(false);
        return transaction;
    }

    /// <inheritdoc/>
    public Task AnnounceAsync(DbTransaction transaction, CancellationToken cancellationToken) => RunAsync(transaction, $"NOTIFY {Channel}", cancellationToken);

    /// <inheritdoc/>
    public bool IsBusy(DbException fault) => fault?.SqlState == PostgresErrorCodes.LockNotAvailable;

    /// <inheritdoc/>
    public void Committed()
    {
        // PostgreSQL tells everybody who listens, and this process is one of them.
    }

    /// <inheritdoc/>
    public async Task WaitForNewsAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_listener is not null)
            {
                await _listener.WaitAsync(Poll, cancellationToken).ConfigureAwait(false);
                return;
            }
            _listener = await OpenAsync(cancellationToken).ConfigureAwait(false);
            NpgsqlCommand listen = _listener.CreateCommand();
            await using (listen.ConfigureAwait(false))
            {
                listen.CommandText = $"LISTEN {Channel}";
                await listen.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            // What was committed before this connection listened is found by the look that follows.
        }
        catch
        {
            await CloseListenerAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseListenerAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The driver does not look at its token while a server that took the connection says nothing.</summary>
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        Task<NpgsqlConnection> opening = _source.OpenConnectionAsync(cancellationToken).AsTask();
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It ends by its own timeout, and nobody takes what comes of it.
            _ = opening.ContinueWith(static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private async Task CloseListenerAsync()
    {
        if (_listener is { } listener)
        {
            _listener = null;
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static bool IsGiven(string connectionString, params string[] names)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        return names.Any(given.ContainsKey);
    }

    private static async Task RunAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        DbCommand command = transaction.Connection!.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            (command.Transaction, command.CommandText) = (transaction, sql);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
