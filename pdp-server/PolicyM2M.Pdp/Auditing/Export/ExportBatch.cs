using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing.Export;

/// <summary>What one request takes to a collector.</summary>
/// <param name="Request">The request.</param>
/// <param name="Count">How many records it has.</param>
/// <param name="Last">The number of the last of them.</param>
internal sealed record ExportBatch(byte[] Request, int Count, long Last)
{
    /// <summary>The most records of one request.</summary>
    public const int MostRecords = 256;

    /// <summary>A request with more than one record has at most so many bytes: a collector takes 4 MiB unless it is told otherwise, and some are told less.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The next records of a log, as many as go into a request; null where there are none.</summary>
    /// <param name="log">The name of the log.</param>
    /// <param name="entries">The records that were not sent yet.</param>
    /// <param name="most">How many the collector takes at once.</param>
    public static ExportBatch? Of(string log, IEnumerable<(long Number, ReadOnlyMemory<byte> Record)> entries, int most)
    {
        var written = new List<byte[]>();
        long bytes = 0, last = 0;
        foreach ((long number, ReadOnlyMemory<byte> record) in entries)
        {
            byte[] next = OtlpLogs.Written(log, AuditRecord.Parser.ParseFrom(record.Span));
            if (written.Count > 0 && bytes + next.Length > MostBytes)
                break;
            written.Add(next);
            (bytes, last) = (bytes + next.Length, number);
            if (written.Count == most)
                break;
        }
        return written.Count == 0 ? null : new ExportBatch(OtlpLogs.Request(written), written.Count, last);
    }
}
