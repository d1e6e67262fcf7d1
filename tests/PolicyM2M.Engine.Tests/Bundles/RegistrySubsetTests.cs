using System.Text;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests.Bundles;

/// <summary>What a bundle carries of the registries is what this program's own tables say, or it is refused.</summary>
internal sealed class RegistrySubsetTests
{
    private const string Suite = "TLS_AES_128_GCM_SHA256";

    [Test]
    public void It_holds_what_outcomes_name_and_nothing_else()
    {
        RegistrySubset registry = Sample.Bundle.Registry;
        Assert.That(registry.Suites, Is.EqualTo(new[] { new RegisteredName(Suite, 0x1301, false, true), new RegisteredName("TLS_AES_256_GCM_SHA384", 0x1302, false, true) }));
        Assert.That(registry.Groups.Concat(registry.Signatures), Is.Empty);
        Assert.That(registry.ToString(), Is.EqualTo($"2 cipher suites, 0 groups, 0 signature schemes of the tables {TlsRegistry.TablesHash[..12]}"));
    }

    [TestCase(Suite, 0x1301, "TLS_AES_128_CCM_SHA256", 0x1301, "it has the cipher suite TLS_AES_128_CCM_SHA256 (0x1301, TLS 1.3), and this program TLS_AES_128_CCM_SHA256 (0x1304, TLS 1.3)", TestName = "{m}(a known name with another code point)")]
    [TestCase(Suite, 0x1301, "TLS_AES_128_GCM_SHA999", 0x1301, "it has the cipher suite TLS_AES_128_GCM_SHA999 (0x1301, TLS 1.3), and this program TLS_AES_128_GCM_SHA256 (0x1301, TLS 1.3)", TestName = "{m}(a known code point under another name)")]
    [TestCase(Suite, 0x1301, Suite, 0x00FE, "and this program TLS_AES_128_GCM_SHA256 (0x1301, TLS 1.3)", TestName = "{m}(a known name with a code point that nothing has)")]
    [TestCase(Suite, 0x1301, "TLS_AES_128_GCM_SHA999", 0x00FE, "and this program none of that name or code point; a newer program may", TestName = "{m}(what nobody here knows)")]
    public void What_the_tables_do_not_say_is_refused(string name, int code, string said, int as_code, string reason)
    {
        byte[] bytes = Changed([.. Encoding.UTF8.GetBytes(name), .. BitConverter.GetBytes((ushort)code)], [.. Encoding.UTF8.GetBytes(said), .. BitConverter.GetBytes((ushort)as_code)]);
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("the bundle was compiled with other registry tables: ").And.Message.Contains(reason));
    }

    [Test]
    public void A_suite_of_another_version_is_refused()
    {
        byte[] bytes = Changed([.. Encoding.UTF8.GetBytes(Suite), 0x01, 0x13, 0, 1], [.. Encoding.UTF8.GetBytes(Suite), 0x01, 0x13, 1, 1]);
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"{Suite} (0x1301, TLS 1.2 and 1.3), and this program {Suite} (0x1301, TLS 1.3)"));
    }

    [Test]
    public void What_is_shown_to_people_is_a_name()
    {
        byte[] bytes = Changed(Encoding.UTF8.GetBytes(Suite), Encoding.UTF8.GetBytes(Suite.Replace("GCM", "\e[1", StringComparison.Ordinal)));
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("the bundle is damaged: a registered name is none"));
    }

    [Test]
    public void Other_tables_that_agree_on_the_names_are_told_and_no_fault()
    {
        byte[] hash = Convert.FromHexString(TlsRegistry.TablesHash);
        var bundle = Bundle.Read(Changed(hash, [.. hash.Select(part => (byte)(part ^ 0xFF))]));
        Assert.That(bundle.Registry.ToString(), Does.EndWith("which are not those of this program"));
        Assert.That(Bundle.Read(bundle.ToBytes()).Hash, Is.EqualTo(bundle.Hash));
    }

    [Test]
    public void No_two_names_of_a_table_have_one_code_point()
    {
        foreach (string field in new[] { "suites", "groups", "signatures" })
            Assert.That(TlsRegistry.Registered(field).Values.Select(name => name.CodePoint), Is.Unique.And.Not.Empty, field);
    }

    /// <summary>The sample with some of its bytes, which it has once, as others; sealed anew.</summary>
    private static byte[] Changed(byte[] old, byte[] @new)
    {
        byte[] bytes = Sample.Bundle.ToBytes();
        int at = bytes.AsSpan().IndexOf(old);
        Assert.That(at, Is.Positive);
        Assert.That(bytes.AsSpan(at + 1).IndexOf(old), Is.Negative);
        @new.CopyTo(bytes, at);
        BundleSeal.Put(bytes);
        return bytes;
    }
}
