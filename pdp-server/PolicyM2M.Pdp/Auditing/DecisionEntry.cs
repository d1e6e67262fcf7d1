using System.Buffers;
using PolicyM2M.Audit.Appending;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>The decisions of one request, as they were made.</summary>
internal sealed class DecisionEntry(DateTimeOffset time, DecisionWords words) : AuditEntry
{
    public override DateTimeOffset Time => time;

    public override void Write(long number, IBufferWriter<byte> writer)
    {
        RecordHead.Write(number, time, writer);
        writer.Write(words.Bytes);
    }
}
