using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>The decisions of one request, as they were made.</summary>
internal sealed class DecisionEntry(DateTimeOffset time, DecisionWords words) : AuditEntry
{
    public override DateTimeOffset Time => time;

    public override void Write(long number, IBufferWriter<byte> writer)
    {
        // The fields of a message may be written one after the other: first these two, then the others, which is their order too.
        new AuditRecord { Number = (ulong)number, Time = time.ToTimestamp() }.WriteTo(writer);
        writer.Write(words.Bytes);
    }
}
