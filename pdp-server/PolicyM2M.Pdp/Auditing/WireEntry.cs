using System.Buffers;
using Google.Protobuf;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>A record that is made where it happens.</summary>
internal sealed class WireEntry(AuditRecord record) : AuditEntry
{
    public override DateTimeOffset Time => record.Time.ToDateTimeOffset();

    public override void Write(long number, IBufferWriter<byte> writer)
    {
        record.Number = (ulong)number;
        record.WriteTo(writer);
    }
}
