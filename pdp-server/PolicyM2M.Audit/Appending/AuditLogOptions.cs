using System.Security.Cryptography;

namespace PolicyM2M.Audit.Appending;

/// <summary>When a record counts as kept.</summary>
public enum AuditDurability
{
    /// <summary>Once it is on disk: whoever asks for it to be kept waits for that.</summary>
    Durable,

    /// <summary>
    /// Once it is in line. A process that is killed loses what was not on disk yet: mostly a twentieth of a second's worth, more where the disk is slow, and never more than the line holds
    /// (<see cref="AuditLogOptions.LineLength"/>) and the 8,192 records that are written at once.
    /// </summary>
    Buffered,
}

/// <summary>What happens while the log cannot be written.</summary>
public enum UnwritableLog
{
    /// <summary>Nothing may happen that is not recorded: whoever asks is refused.</summary>
    Stops,

    /// <summary>What happens is counted, and the first record afterwards says how many are missing, and from when to when.</summary>
    Sheds,
}

/// <summary>How a log is kept.</summary>
/// <param name="Folder">Where.</param>
/// <param name="Origin">The name of a log that begins now, without spaces: a URL without its scheme, as C2SP tlog-checkpoint wants it.</param>
/// <param name="SigningKey">The key that signs checkpoints: ECDSA on P-256. It stays its owner's.</param>
/// <param name="Lost">Makes the record that says what is missing.</param>
public sealed record AuditLogOptions(string Folder, string Origin, ECDsa SigningKey, Func<LostRecords, AuditEntry> Lost)
{
    /// <summary>When a record counts as kept.</summary>
    public AuditDurability Durability { get; init; }

    /// <summary>What happens while the log cannot be written.</summary>
    public UnwritableLog WhenUnwritable { get; init; }

    /// <summary>How many records may be in line.</summary>
    public int LineLength { get; init; } = 16_384;

    /// <summary>How often a checkpoint is signed while there are records that none covers.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told on the log's own task when it can no longer be written, with the reason, and when it can again, with null.</summary>
    public Action<string?>? Told { get; init; }

    /// <summary>Told on the log's own task when old entries cannot be removed, with the reason, and when they are again, with null. The log is written meanwhile.</summary>
    public Action<string?>? ToldOfRemoval { get; init; }

    /// <summary>Told on the log's own task, after the log says so, that records could not be made and are missing: how many, and why the last of them could not.</summary>
    public Action<long, Exception>? Unmade { get; init; }

    /// <summary>Told when the log is closed while its disk hangs: how many records are in line and may never be on it.</summary>
    public Action<int>? Abandoned { get; init; }

    /// <summary>A journal of more bytes is begun anew, once all that it holds is in tiles on disk.</summary>
    internal long LongestJournal { get; init; } = 16 << 20;

    /// <summary>How many bundles are removed at once: the log is not written meanwhile, and nobody waits longer for a disk than seconds.</summary>
    internal int MostRemovedAtOnce { get; init; } = 1_000;

    /// <summary>The clocks.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Whether whoever records goes on only once the record is on disk. While the disk hangs, what may be missing is put in line, and nobody waits for it; what may not be is waited for also where
    /// that it hangs is found out just now.
    /// </summary>
    internal bool IsWaitedFor(bool isDurable, bool hangs) => (isDurable || Durability == AuditDurability.Durable) && !(hangs && WhenUnwritable == UnwritableLog.Sheds);
}

/// <summary>Records that are missing.</summary>
/// <param name="Count">How many.</param>
/// <param name="From">When the first of them happened.</param>
/// <param name="Until">When the last of them happened.</param>
public sealed record LostRecords(long Count, DateTimeOffset From, DateTimeOffset Until)
{
    internal static LostRecords Of(IReadOnlyCollection<AuditEntry> entries) => new(entries.Count, entries.Min(entry => entry.Time), entries.Max(entry => entry.Time));
}

/// <summary>How a log stands.</summary>
/// <param name="Size">How many records are on disk.</param>
/// <param name="Published">How many of them a signed checkpoint covers.</param>
/// <param name="Waiting">How many are in line, or were taken from it and are not on disk yet.</param>
/// <param name="Lost">How many are missing since the start: they were shed, or could not be made.</param>
/// <param name="Fault">Why it cannot be written; null where it can.</param>
public sealed record AuditLogState(long Size, long Published, int Waiting, long Lost, string? Fault)
{
    /// <summary>For how long the disk has been at the write that is going on; zero where there is none.</summary>
    public TimeSpan Writing { get; init; }

    /// <summary>Why old entries could not be removed the last time that it was tried; null where they could.</summary>
    public string? NotRemoved { get; init; }
}
