using System.Data.Common;

namespace PolicyM2M.Registry.Databases;

/// <summary>What the databases that can hold a registry do differently. All else is SQL that each of them understands.</summary>
public interface IRegistryDatabase : IAsyncDisposable
{
    /// <summary>What to call it in a message; it holds no secrets.</summary>
    string Name { get; }

    /// <summary>How the names of its migrations begin.</summary>
    string Dialect { get; }

    /// <summary>The longest time without a look at what has changed: a sign of a change can be lost.</summary>
    TimeSpan Poll { get; }

    /// <summary>Opens a connection.</summary>
    /// <param name="create">Whether the database is made where there is none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<DbConnection> OpenAsync(bool create, CancellationToken cancellationToken);

    /// <summary>Begins a transaction in which nobody else migrates.</summary>
    Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Sees to it that followers of all replicas hear of what a transaction writes once it is committed.</summary>
    Task AnnounceAsync(DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Whether a fault means that somebody else's change held a command up for too long, so that it did nothing.</summary>
    bool IsBusy(DbException fault);

    /// <summary>Says to the followers in this process that something was committed.</summary>
    void Committed();

    /// <summary>Waits until something was committed, or may have been: returning early is no harm.</summary>
    Task WaitForNewsAsync(CancellationToken cancellationToken);
}
