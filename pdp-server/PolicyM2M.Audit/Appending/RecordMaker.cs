using System.Buffers;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// Makes the bytes of records. What one entry holds must not keep the others from being written: one that cannot be made is left out, and a record that says how many are missing comes after the others.
/// It belongs to the log's own task.
/// </summary>
internal sealed class RecordMaker(Func<LostRecords, AuditEntry> lost)
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Makes the records of a batch, in order.</summary>
    /// <param name="from">The number of the first one.</param>
    /// <param name="owed">Records that went missing before; null for none. The first record says so.</param>
    /// <param name="batch">What is to be recorded.</param>
    public MadeRecords Make(long from, LostRecords? owed, IReadOnlyCollection<AuditEntry> batch)
    {
        var made = new MadeRecords();
        if (owed is not null)
            made.Records.Add(Record(lost(owed), from));
        foreach (AuditEntry entry in batch)
        {
            try
            {
                made.Records.Add(Record(entry, from + made.Records.Count));
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                made.Unmade.Add(entry);
                made.Fault = fault;
            }
        }
        if (made.Lost is { } missing)
            made.Records.Add(Record(lost(missing), from + made.Records.Count));
        return made;
    }

    private byte[] Record(AuditEntry entry, long number)
    {
        _buffer.ResetWrittenCount();
        entry.Write(number, _buffer);
        return _buffer.WrittenCount <= EntryBundle.LongestEntry
            ? _buffer.WrittenSpan.ToArray()
            : throw new InvalidOperationException($"a record has {_buffer.WrittenCount} bytes, and {EntryBundle.LongestEntry} are the most");
    }
}

/// <summary>What became of a batch.</summary>
internal sealed class MadeRecords
{
    /// <summary>The records.</summary>
    public List<byte[]> Records { get; } = [];

    /// <summary>Entries of which no record could be made.</summary>
    public HashSet<AuditEntry> Unmade { get; } = [];

    /// <summary>Why the last of them could not; null where there are none.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What the last record says of them; null where there are none.</summary>
    public LostRecords? Lost => Unmade.Count == 0 ? null : LostRecords.Of(Unmade);
}
