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
            Assert.That(() => Bundle.Read(bytes.AsMemory(0, length)), Throws.TypeOf<InvalidDataException>(), $"cut at {length}");
    }

    [Test]
    public void A_bundle_with_more_behind_it_is_refused() =>
        Assert.That(() => Bundle.Read(Bytes.Append((byte)0).ToArray()), Throws.TypeOf<InvalidDataException>());

    [Test]
    public void No_changed_byte_crashes_the_reader_or_a_decision()
    {
        byte[] original = Bytes;
        int refused = 0;
        for (int at = 0; at < original.Length; at++)
        {
            foreach (byte change in new byte[] { 0x01, 0x80, 0xFF })
            {
                byte[] bytes = [.. original];
                bytes[at] ^= change;
                refused += IsRefusedOrDecides(bytes) ? 1 : 0;
            }
        }
        Assert.That(refused, Is.GreaterThan(original.Length), "most changes are noticed");
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
