using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The head of a record is written by hand: it must be what the library writes.</summary>
internal sealed class RecordHeadTests
{
    private static readonly long[] Numbers = [0, 1, 127, 128, 16_383, 16_384, int.MaxValue, uint.MaxValue, long.MaxValue];

    private static readonly DateTimeOffset[] Times =
    [
        DateTimeOffset.UnixEpoch,
        DateTimeOffset.UnixEpoch.AddTicks(1),
        DateTimeOffset.UnixEpoch.AddTicks(-1),
        DateTimeOffset.UnixEpoch.AddSeconds(-1),
        DateTimeOffset.UnixEpoch.AddSeconds(127.5),
        new(2026, 11, 26, 22, 1, 24, 999, TimeSpan.FromHours(5)),
        DateTimeOffset.MinValue,
        DateTimeOffset.MaxValue,
    ];

    [Test]
    public void A_head_is_what_the_library_writes([ValueSource(nameof(Numbers))] long number, [ValueSource(nameof(Times))] DateTimeOffset time)
    {
        var written = new ArrayBufferWriter<byte>();
        RecordHead.Write(number, time, written);
        Assert.That(Convert.ToHexString(written.WrittenSpan), Is.EqualTo(Convert.ToHexString(new AuditRecord { Number = (ulong)number, Time = time.ToTimestamp() }.ToByteArray())));
    }
}
