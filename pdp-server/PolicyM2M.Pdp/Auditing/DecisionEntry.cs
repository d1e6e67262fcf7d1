using System.Buffers;
using Google.Protobuf;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Wire.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>The decisions of one request, as they were made.</summary>
internal sealed class DecisionEntry(DateTimeOffset time, DecisionWords words) : AuditEntry
{
    /// <summary>A tag of one byte and a number of at most ten, twice; a tag, and the length of a message that short.</summary>
    private const int LongestHead = 2 * (1 + LongestNumber) + 2 + 1 + LongestNumber;

    private const int LongestNumber = 10, GroupBits = 7;
    private const byte More = 1 << GroupBits;

    public override DateTimeOffset Time => time;

    /// <summary>
    /// The fields of a message may be written one after the other: first its number and its time, then the others, which is their order too. As most records are of this kind, no message is made for these two
    /// (protobuf.dev, Encoding).
    /// </summary>
    public override void Write(long number, IBufferWriter<byte> writer)
    {
        Span<byte> head = writer.GetSpan(LongestHead);
        int length = 0;
        Number(head, ref length, AuditRecord.NumberFieldNumber, number);
        head[length++] = (byte)WireFormat.MakeTag(AuditRecord.TimeFieldNumber, WireFormat.WireType.LengthDelimited);
        int at = length++;
        (long seconds, long rest) = Math.DivRem((time - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerSecond);
        Number(head, ref length, Timestamp.SecondsFieldNumber, rest < 0 ? seconds - 1 : seconds);
        Number(head, ref length, Timestamp.NanosFieldNumber, (rest < 0 ? rest + TimeSpan.TicksPerSecond : rest) * TimeSpan.NanosecondsPerTick);
        head[at] = (byte)(length - at - 1);
        writer.Advance(length);
        writer.Write(words.Bytes);
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
