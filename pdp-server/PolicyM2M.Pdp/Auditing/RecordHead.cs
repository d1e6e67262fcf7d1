using System.Buffers;
using Google.Protobuf;
using PolicyM2M.Wire.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>
/// The two fields in which records of the same decisions differ, as bytes. They come first, and the fields of a message may be written one after the other; as nearly all records are of this kind, no message is made
/// for them (Protocol Buffers, Encoding).
/// </summary>
internal static class RecordHead
{
    private const int GroupBits = 7;
    private const byte More = 1 << GroupBits;

    /// <summary>A tag of one byte and a number of at most ten, for three numbers; a tag, and a length of one byte.</summary>
    private const int Longest = (3 * (1 + 10)) + 2;

    /// <summary>Writes the number and the time of an <see cref="AuditRecord"/>.</summary>
    public static void Write(long number, DateTimeOffset time, IBufferWriter<byte> writer)
    {
        Span<byte> bytes = writer.GetSpan(Longest);
        int length = 0;
        Number(bytes, ref length, AuditRecord.NumberFieldNumber, number);
        bytes[length++] = (byte)WireFormat.MakeTag(AuditRecord.TimeFieldNumber, WireFormat.WireType.LengthDelimited);
        int start = length + 1;
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks, fraction = ticks % TimeSpan.TicksPerSecond;
        if (fraction < 0)
            fraction += TimeSpan.TicksPerSecond;
        length = start;
        Number(bytes, ref length, Timestamp.SecondsFieldNumber, (ticks - fraction) / TimeSpan.TicksPerSecond);
        Number(bytes, ref length, Timestamp.NanosFieldNumber, fraction * TimeSpan.NanosecondsPerTick);
        bytes[start - 1] = (byte)(length - start);
        writer.Advance(length);
    }

    /// <summary>A field that is a number, seven bits in each byte; none where it is 0.</summary>
    private static void Number(Span<byte> bytes, ref int length, int field, long number)
    {
        if (number == 0)
            return;
        bytes[length++] = (byte)WireFormat.MakeTag(field, WireFormat.WireType.Varint);
        ulong rest = (ulong)number;
        for (; rest >= More; rest >>= GroupBits)
            bytes[length++] = (byte)(rest | More);
        bytes[length++] = (byte)rest;
    }
}
