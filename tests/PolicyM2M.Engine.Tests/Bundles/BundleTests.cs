using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests.Bundles;

internal sealed class BundleTests
{
    private static byte[] Bytes => BundleWriter.Write(new BundleContent(
        Sample.Bundle.Name, Sample.Bundle.Policies, Sample.Bundle.AttributeTable, Sample.Bundle.RuleTable, Sample.Bundle.Trees));

    [Test]
    public void What_is_written_is_read_back_whole()
    {
        Bundle read = Bundle.Read(Bytes);
        Assert.That(read.Hash, Is.EqualTo(Sample.Bundle.Hash));
        Assert.That(read.Rules, Is.EqualTo(Sample.Bundle.Rules));
        Assert.That(read.NeededAttributes, Is.EqualTo(["age", "flag", "kind", "name", "risk", "version"]));
    }

    [Test]
    public void A_bundle_cut_short_anywhere_is_refused()
    {
        byte[] bytes = Bytes;
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            if (length >= BundleSeal.End)
                BundleSeal.Put(cut);
            Assert.That(() => Bundle.Read(cut), Throws.TypeOf<InvalidDataException>(), $"cut at {length}");
        }
    }

    [Test]
    public void A_bundle_with_more_behind_it_is_refused()
    {
        byte[] longer = [.. Bytes, 0];
        BundleSeal.Put(longer);
        Assert.That(() => Bundle.Read(longer), Throws.TypeOf<InvalidDataException>().With.Message.Contains("1 bytes follow"));
    }

    [Test]
    public void Every_changed_byte_is_noticed()
    {
        byte[] bytes = Bytes;
        for (int at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 1;
            Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>(), $"changed at {at}");
            bytes[at] ^= 1;
        }
    }

    [Test]
    public void A_changed_content_is_told_as_such()
    {
        byte[] bytes = Bytes;
        bytes[^1] ^= 1;
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("the bundle is damaged: its content is not the one that was sealed with its SHA-256"));
    }

    /// <summary>Sealed anew, as whoever forges a bundle would.</summary>
    [Test]
    public void No_changed_byte_crashes_the_reader_or_a_decision()
    {
        byte[] original = Bytes;
        int refused = 0;
        for (int at = BundleSeal.End; at < original.Length; at++)
        {
            foreach (byte change in new byte[] { 0x01, 0x80, 0xFF })
            {
                byte[] bytes = [.. original];
                bytes[at] ^= change;
                BundleSeal.Put(bytes);
                refused += IsRefusedOrDecides(bytes) ? 1 : 0;
            }
        }
        Assert.That(refused, Is.GreaterThan(original.Length), "most changes are noticed");
    }

    [Test]
    public void An_attribute_that_is_there_twice_is_damage()
    {
        byte[] bytes = Bytes;
        int name = bytes.AsSpan().IndexOf("name"u8);
        "kind"u8.CopyTo(bytes.AsSpan(name));
        BundleSeal.Put(bytes);
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.Contain("the attributes are not in order"));
    }

    private static bool IsRefusedOrDecides(byte[] bytes)
    {
        try
        {
            var decider = new Decider(Bundle.Read(bytes));
            foreach (DeviceContext context in new[] { Sample.Plc, DeviceContext.Empty })
            {
                foreach (DecisionKind kind in DecisionKinds.All)
                    decider.Decide(kind, decider.Prepare(context), DateTimeOffset.UnixEpoch);
            }
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
