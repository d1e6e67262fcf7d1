using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// Makes the bytes of records. What one entry holds must not keep the others from being written: one that cannot be made is left out, and a record that says how many are missing comes after the others.
/// It belongs to the log's own task.
/// </summary>
internal sealed class RecordMaker(Func<LostRecords, AuditEntry> lost)
{
    private readonly RecordBatch _records = new();

    /// <summary>Makes the records of a batch, in order.</summary>
    /// <param name="from">The number of the first one.</param>
    /// <param name="owed">Records that went missing before; null for none. The first record says so.</param>
    /// <param name="batch">What is to be recorded.</param>
    public MadeRecords Make(long from, LostRecords? owed, IReadOnlyCollection<AuditEntry> batch)
    {
        _records.Clear();
        var made = new MadeRecords(_records);
        if (owed is not null)
            Add(lost(owed));
        foreach (AuditEntry entry in batch)
        {
            try
            {
                Add(entry);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                made.Unmade.Add(entry);
                made.Fault = fault;
            }
        }
        if (made.Lost is { } missing)
            Add(lost(missing));
        return made;

        void Add(AuditEntry entry) => _records.Add((Entry: entry, Number: from + _records.Count), static (record, writer) => record.Entry.Write(record.Number, writer));
    }
}

/// <summary>What became of a batch.</summary>
internal sealed class MadeRecords(RecordBatch records)
{
    /// <summary>The records, until the next batch is made.</summary>
    public RecordBatch Records => records;

    /// <summary>Entries of which no record could be made.</summary>
    public HashSet<AuditEntry> Unmade { get; } = [];

    /// <summary>Why the last of them could not; null where there are none.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What the last record says of them; null where there are none.</summary>
    public LostRecords? Lost => Unmade.Count == 0 ? null : LostRecords.Of(Unmade);
}
