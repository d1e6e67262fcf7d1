using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What the facts of the registry's tables select.</summary>
internal sealed class FactSelectionTests
{
    [TestCase("tag-bits < 128 and version == \"TLS1.3\"", "TLS_AES_128_CCM_8_SHA256")]
    [TestCase("not (tag-bits >= 128) and version == \"TLS1.3\"", "TLS_AES_128_CCM_8_SHA256")]
    [TestCase("not (tag-bits in 128..256 or not aead) and version == \"TLS1.3\"", "TLS_AES_128_CCM_8_SHA256")]
    public void A_number_that_the_table_does_not_give_selects_nothing_and_nor_does_its_contrary(string where, string expected)
    {
        Assert.That(Suites($"suites where {where}"), Is.EqualTo(new[] { expected }));
        Assert.That(Suites("suites where not tag-bits < 128"), Has.None.Contains("_NULL_").And.None.Contains("_CBC_").And.None.Contains("_RC4_"));
    }

    [Test]
    public void A_text_that_the_table_does_not_give_is_unlike_any_other()
    {
        Assert.That(Suites("suites where rfc10015 != \"MUST NOT\" and rfc10015 != \"SHOULD NOT\" and version == \"TLS1.3\""), Does.Contain("TLS_AES_128_GCM_SHA256"));
    }

    [TestCase("mode == \"CCM_8\" and version == \"TLS1.3\"", "TLS_AES_128_CCM_8_SHA256")]
    [TestCase("first-version == \"TLS1.3\" and flags contains \"short-tag\"", "TLS_AES_128_CCM_8_SHA256")]
    [TestCase("not (flags contains \"no-fs\" or flags contains \"cbc\" or flags contains \"null-cipher\") and first-version == \"TLS1.0\" and key-exchange == \"ECDHE\" and authentication == \"RSA\"",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA")]
    public void Modes_first_versions_and_flags_are_facts_too(string where, string expected) => Assert.That(Suites($"suites where {where}"), Is.EqualTo(new[] { expected }));

    [Test]
    public void What_a_group_s_share_takes_is_a_fact_too()
    {
        Compilation compilation = Compile("cipher-suites { otherwise use { versions 1.3  suites TLS_AES_128_GCM_SHA256  groups where tls13 and client-share-bytes <= 32 and server-share-bytes <= 32  usable-for 1h } }");
        Assert.That(compilation.Diagnostics, Is.Empty);
        Assert.That(Said(compilation), Does.Contain("groups x25519").And.Not.Contain("secp256r1"));
    }

    [TestCase("flags == \"cbc\"", "expected `contains`: `flags` is a set of words")]
    [TestCase("mode contains \"CBC\"", "`mode` holds one value")]
    [TestCase("not flags contains \"cbcc\"", "a value that `flags` has: 64bit-block, anon, cbc")]
    public void A_set_of_words_is_asked_what_it_contains_and_nothing_else_is(string where, string said)
    {
        Diagnostic fault = Compile($"cipher-suites {{ otherwise use {{ versions 1.2  suites where {where}  usable-for 1h }} }}").Diagnostics.Single();
        Assert.That((fault.Code, fault.Severity), Is.EqualTo(("M2M307", Severity.Error)));
        Assert.That(fault.Help, Does.Contain(said));
    }

    /// <summary>What the tables select may be more or less with another release, and a set that is valid must stay so.</summary>
    [TestCase("suites - TLS_RSA_WITH_NULL_MD5", "does not hold")]
    [TestCase("suites + TLS_AES_128_GCM_SHA256", "already holds")]
    public void A_change_of_a_selected_list_that_changes_nothing_is_warned_of(string change, string said)
    {
        const string Selected = "suites where aead and version == \"TLS1.3\"";
        Compilation compilation = Compile($"profile selected : cipher-suites {{ versions 1.2, 1.3  {Selected}  usable-for 1h }}\ncipher-suites {{ otherwise use selected with {{ {change} }} }}");
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Severity)), Is.EqualTo(new[] { ("M2M329", Severity.Warning) }));
        Assert.That(compilation.Diagnostics[0].Message, Does.Contain(said));
        Assert.That(Suites(compilation), Is.EqualTo(Suites(Selected)));
    }

    [TestCase("suites + TLS_AES_128_CCM_SHA256  suites - TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384,TLS_AES_128_CCM_SHA256")]
    [TestCase("suites - TLS_AES_128_GCM_SHA256  suites + TLS_AES_128_CCM_SHA256, TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384,TLS_AES_128_CCM_SHA256,TLS_AES_128_GCM_SHA256")]
    [TestCase("suites where key-bits >= 256  suites + TLS_AES_128_CCM_SHA256", "TLS_AES_256_GCM_SHA384,TLS_AES_128_CCM_SHA256")]
    [TestCase("suites + TLS_AES_128_CCM_SHA256  usable-for 1h  suites where key-bits < 256  suites - TLS_AES_128_CCM_SHA256", "TLS_AES_128_GCM_SHA256")]
    public void Changes_of_a_list_are_made_one_after_the_other(string changes, string expected) =>
        Assert.That(string.Join(',', Suites(Changed(changes))), Is.EqualTo(expected));

    [TestCase("suites + TLS_AES_128_CCM_SHA256  suites + TLS_CHACHA20_POLY1305_SHA256")]
    [TestCase("suites TLS_AES_128_GCM_SHA256  suites - TLS_AES_128_GCM_SHA256")]
    [TestCase("suites + TLS_AES_128_CCM_SHA256  suites TLS_AES_128_CCM_SHA256")]
    [TestCase("suites where aead  suites where forward-secret")]
    public void A_list_is_given_once_and_changed_in_each_way_once(string changes) =>
        Assert.That(Changed(changes).Diagnostics.Select(fault => fault.Code), Is.EqualTo(new[] { "M2M308" }));

    [Test]
    public void What_was_selected_without_a_profile_can_be_changed_too() =>
        Assert.That(Suites("suites where version == \"TLS1.3\" and key-bits >= 256  suites - TLS_AES_256_GCM_SHA384"), Does.Contain("TLS_CHACHA20_POLY1305_SHA256").And.Not.Contain("TLS_AES_256_GCM_SHA384"));

    private static Compilation Changed(string changes) => Compile($"profile modern : cipher-suites {{ versions 1.3  suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 }}\ncipher-suites {{ otherwise use modern with {{ {changes} }} }}");

    private static IEnumerable<string> Suites(string selection) => Suites(Compile($"cipher-suites {{ otherwise use {{ versions 1.2, 1.3  {selection}  usable-for 1h }} }}"));

    private static Compilation Compile(string policy) => PolicyCompiler.Compile(
    [
        new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
        new SourceFile("a.attributes.yaml", "attributes:\n  id: { type: string, provenance: claimed, description: x }\n"),
        new SourceFile("p.m2m", $"policy p\n{policy}\n"),
    ]);

    private static string Said(Compilation compilation)
    {
        Assert.That(compilation.Bundle, Is.Not.Null, string.Join('\n', compilation.Diagnostics));
        var decider = new Decider(compilation.Bundle!);
        return decider.Decide(DecisionKind.CipherSuites, decider.Prepare(DeviceContext.Empty), DateTimeOffset.UnixEpoch).Outcome.ToString();
    }

    private static IEnumerable<string> Suites(Compilation compilation) =>
        Said(compilation).Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith("TLS_", StringComparison.Ordinal)).Select(word => word.TrimEnd(','));
}
