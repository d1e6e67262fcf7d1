using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Engine.Tests.Bundles;

internal sealed class BundleTests
{
    private static byte[] Bytes => Sample.Bundle.ToBytes();

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
    public void A_changed_content_is_told_as_such()
    {
        byte[] bytes = Bytes;
        bytes[^1] ^= 1;
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("the bundle is damaged: its content is not the one that was sealed with its SHA-256"));
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
}
