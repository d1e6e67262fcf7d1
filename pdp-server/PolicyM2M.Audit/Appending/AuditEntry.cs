using System.Buffers;

namespace PolicyM2M.Audit.Appending;

/// <summary>Something that is to be recorded. It is made where it happens, and written by the log's own task: what it holds must not change.</summary>
public abstract class AuditEntry
{
    /// <summary>Completed when the record is on disk; null where nobody waits for that.</summary>
    internal TaskCompletionSource? Kept { get; set; }

    /// <summary>Whether to be counted as missing is not enough: whoever waits goes on only where the record is on disk.</summary>
    internal bool MustBeOnDisk { get; set; }

    /// <summary>When it happened.</summary>
    public abstract DateTimeOffset Time { get; }

    /// <summary>Writes the record, which is at most 65,535 bytes long. One that is longer, or cannot be made, is counted as missing.</summary>
    /// <param name="number">The place of the record in the log, from 0: a record says it, so that one that was moved is found out.</param>
    /// <param name="writer">Where to.</param>
    public abstract void Write(long number, IBufferWriter<byte> writer);
}
