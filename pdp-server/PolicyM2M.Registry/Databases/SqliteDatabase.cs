using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace PolicyM2M.Registry.Databases;

/// <summary>A registry in one file. Several processes of one machine may share it; each looks every <see cref="Poll"/> for what the others wrote.</summary>
public sealed class SqliteDatabase : IRegistryDatabase
{
    /// <summary>SQLITE_BUSY of SQLite's result codes: another process holds the file's one write lock.</summary>
    private const int Busy = 5;

    /// <summary>How long a change waits for one of another process.</summary>
    private const int LongestWaitSeconds = 8;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _news = new(0, 1);

    /// <summary>Held open, so that the last look to close is no reason to fold the write-ahead log and delete it, five times a second.</summary>
    private SqliteConnection? _anchor;

    /// <param name="path">The file.</param>
    /// <param name="clock">Whose time polls go by.</param>
    public SqliteDatabase(string path, TimeProvider clock)
    {
        _path = Path.GetFullPath(path);
        _clock = clock;
    }

    /// <inheritdoc/>
    public string Name => $"sqlite:{_path}";

    /// <inheritdoc/>
    public string Dialect => "sqlite";

    /// <inheritdoc/>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public async Task<DbConnection> OpenAsync(bool create, CancellationToken cancellationToken)
    {
        if (create)
            await MakeAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // A transaction of this driver takes the file's one write lock at once.
        return await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task AnnounceAsync(DbTransaction transaction, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public bool IsBusy(DbException fault) => fault is SqliteException { SqliteErrorCode: Busy };

    /// <inheritdoc/>
    public void Committed()
    {
        try
        {
            _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // The follower has not yet seen the sign before: one look finds both.
        }
    }

    /// <inheritdoc/>
    public async Task WaitForNewsAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_news.WaitAsync(ended.Token), Task.Delay(Poll, _clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_anchor is not null)
            await _anchor.DisposeAsync().ConfigureAwait(false);
        _news.Dispose();
    }

    /// <summary>Makes the file, for its owner's eyes only, and turns its write-ahead log on: readers then never wait for a writer.</summary>
    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            await new FileStream(_path, options).DisposeAsync().ConfigureAwait(false);
        }
        if (_anchor is not null)
            await _anchor.DisposeAsync().ConfigureAwait(false);
        _anchor = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        SqliteCommand command = _anchor.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = "PRAGMA journal_mode = WAL";
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Without a pool, and never making a file: one that was deleted or replaced under a running server must show, and not live on as an open handle.</summary>
    private async Task<SqliteConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var file = new SqliteConnectionStringBuilder { DataSource = _path, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = LongestWaitSeconds };
        var connection = new SqliteConnection(file.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
