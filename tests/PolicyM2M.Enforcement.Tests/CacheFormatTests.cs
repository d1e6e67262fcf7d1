using Google.Protobuf;
using PolicyM2M.Enforcement.Caching;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

internal sealed class CacheFormatTests
{
    private const string Device = "spiffe://test.example/device/plc-1";

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static CacheContent Content
    {
        get
        {
            Wire.V1.Decision message = WireMapping.ToWire(new Decision(Outcome.Allow(DecisionKind.Auth, [(Field.Methods, new FieldValue.Names(["x509"]))]), []), new RevisionId("1111", "aaaa"), Now);
            return new CacheContent(Now, new RevisionId("2222", "bbbb"), ["device.type"], [new KeptDecision("a key", ["device.type"], message.ToByteArray(), WireMapping.FromWire(message), Now.AddHours(1), Now.AddHours(2))]);
        }
    }

    [Test]
    public void What_is_written_is_read_back()
    {
        CacheContent read = CacheFormat.Read(CacheFormat.Write(Content, Device, Key), Device, Key);
        Assert.That(read.Decisions.Select(d => (d.Key, d.Decision.Outcome, d.FreshUntil, d.UsableUntil)),
            Is.EqualTo(Content.Decisions.Select(d => (d.Key, d.Decision.Outcome, d.FreshUntil, d.UsableUntil))));
        Assert.That((read.LatestSeen, read.Served, string.Join(",", read.NeededAttributes!)), Is.EqualTo((Now, new RevisionId("2222", "bbbb"), "device.type")));
    }

    [Test]
    public void A_file_cut_at_any_byte_is_refused()
    {
        byte[] bytes = CacheFormat.Write(Content, Device, Key);
        for (int length = 0; length < bytes.Length; length++)
            Assert.That(() => CacheFormat.Read(bytes[..length], Device, Key), Throws.TypeOf<InvalidDataException>(), $"cut at {length}");
    }

    [Test]
    public void A_file_with_any_bit_flipped_is_refused()
    {
        byte[] bytes = CacheFormat.Write(Content, Device, Key);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] altered = [.. bytes];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(() => CacheFormat.Read(altered, Device, Key), Throws.TypeOf<InvalidDataException>(), $"bit {bit}");
        }
    }

    [Test]
    public void A_file_of_another_device_or_key_is_refused()
    {
        byte[] bytes = CacheFormat.Write(Content, Device, Key);
        Assert.That(() => CacheFormat.Read(bytes, "spiffe://test.example/device/plc-2", Key), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => CacheFormat.Read(bytes, Device, [.. Key.Reverse()]), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void The_oldest_decision_makes_room()
    {
        CacheContent content = CacheContent.Empty;
        for (int i = 0; i < CacheContent.MaximumDecisions + 10; i++)
            content = content.With(Content.Decisions[0] with { Key = $"{i}" });
        Assert.That(content.Decisions, Has.Length.EqualTo(CacheContent.MaximumDecisions));
        Assert.That((content.Decisions[0].Key, content.Decisions[^1].Key), Is.EqualTo(("10", $"{CacheContent.MaximumDecisions + 9}")));
    }

    [Test]
    public void Large_decisions_make_room_by_their_size_and_one_too_large_is_not_kept()
    {
        CacheContent content = CacheContent.Empty;
        for (int i = 0; i < 6; i++)
            content = content.With(Content.Decisions[0] with { Key = $"{i}", Message = new byte[CacheContent.MaximumBytes / 4] });
        Assert.That(content.Decisions.Select(kept => kept.Key), Is.EqualTo(["2", "3", "4", "5"]));
        Assert.That(content.With(Content.Decisions[0] with { Key = "6", Message = new byte[CacheContent.MaximumBytes + 1] }).Decisions, Is.Empty);
    }

    [Test]
    public void No_value_can_imitate_another_attribute()
    {
        DeviceContext one = DeviceContext.Of([new("a", AttributeValue.Of("1\n1:b=3:\"2\""))]);
        DeviceContext two = DeviceContext.Of([new("a", AttributeValue.Of("1")), new("b", AttributeValue.Of("2"))]);
        Assert.That(ContextKey.Of(DecisionKind.Auth, one), Is.Not.EqualTo(ContextKey.Of(DecisionKind.Auth, two)));
        Assert.That(ContextKey.Of(DecisionKind.Auth, DeviceContext.Of([new("a", AttributeValue.Of(true))])), Is.Not.EqualTo(ContextKey.Of(DecisionKind.Auth, DeviceContext.Of([new("a", AttributeValue.Of("true"))]))));
    }

    [Test]
    public void No_set_is_taken_for_another_set_or_for_a_text()
    {
        AttributeValue[] values = [AttributeValue.Of(["a", "b"]), AttributeValue.Of(["a\", \"b"]), AttributeValue.Of(["a"]), AttributeValue.Of("a"), AttributeValue.Of(["\"a\""]), AttributeValue.Other("[\"a\", 1]"), AttributeValue.Of(["1:a"])];
        Assert.That(values.Select(value => ContextKey.Of(DecisionKind.Auth, DeviceContext.Of([new("x", value)]))), Is.Unique);
    }
}
