using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Texts that look like something else than they are: hidden characters, misspelt facts, prefixes that end in half a character's neighbour, tests that test nothing.</summary>
internal sealed class DeceptiveTextTests
{
    [TestCase("// a comment\rforbid x : auth \"no\"", "U+000D")]
    [TestCase("// a comment\u2028forbid x : auth \"no\"", "U+2028")]
    [TestCase("// \u202Eno comment", "U+202E")]
    [TestCase("forbid x : auth \"no\u001B[31m\"", "U+001B")]
    public void What_hides_text_from_a_reader_is_refused(string line, string character)
    {
        Compilation compilation = Compile($"policy p\n{line}\n");
        Assert.That(compilation.Diagnostics.Select(fault => (fault.Code, fault.Message)), Is.EqualTo(new[] { ("M2M102", $"`{character}` may not stand in a policy") }));
    }

    [TestCase("# a comment\rrules: [{ forbid: x, kind: auth, deny: no }]", "U+000D")]
    [TestCase("# a comment\u2028rules: [{ forbid: x, kind: auth, deny: no }]", "U+2028")]
    [TestCase("# a comment\u0085rules: [{ forbid: x, kind: auth, deny: no }]", "U+0085")]
    [TestCase("# \u202Eno comment", "U+202E")]
    public void What_hides_text_from_a_reader_is_refused_in_YAML_too(string line, string character)
    {
        SourceFile[] files = Files("");
        files[^1] = new SourceFile("p.m2m.yaml", $"policy: p\n{line}\n");
        files[0] = files[0] with { Text = files[0].Text.Replace("p.m2m", "p.m2m.yaml", StringComparison.Ordinal) };
        Assert.That(PolicyCompiler.Compile(files).Diagnostics.Select(fault => (fault.Code, fault.Message)), Is.EqualTo(new[] { ("M2M102", $"`{character}` may not stand in a policy") }));
        files[0] = files[0] with { Text = $"{files[0].Text}{line}\n" };
        Assert.That(PolicyCompiler.Compile(files).Diagnostics.Select(fault => (fault.Code, fault.Position.File)), Does.Contain(("M2M102", "policyset.yaml")));
    }

    [Test]
    public void Line_ends_of_two_characters_are_line_ends() => Assert.That(Compile("policy p\r\n\r\n// a comment\r\nforbid x : auth \"no\"\r\n").Diagnostics, Is.Empty);

    [TestCase("suites where mac != \"SHA2566\"")]
    [TestCase("suites where not (key-exchange in [\"ECHDE\"])")]
    [TestCase("suites where authentication == \"nonsense\" or aead")]
    public void A_fact_that_nothing_has_is_refused(string selection) =>
        Assert.That(Compile($"policy p\ncipher-suites {{ otherwise use {{ versions 1.3  {selection} }} }}\n").Diagnostics.Select(fault => fault.Code), Is.EqualTo(new[] { "M2M307" }));

    [TestCase("dev-🏿", "dev-😀")]
    [TestCase("dev-\uD7FF", "dev-\uD800\uDC00")]
    [TestCase("dev-\U0010FFFF", "dev-\uE000")]
    [TestCase("dev-😀", "dev-😁")]
    public void A_prefix_holds_for_what_begins_with_it_and_for_nothing_else(string prefix, string other)
    {
        Compilation compilation = Compile($"policy p\nauth {{ when device.label starts-with \"{prefix}\" or device.label == \"{other}\" and posture.risk > 5 deny \"no\"  otherwise use {{ methods x509 }} }}\n");
        Assert.That(compilation.Diagnostics, Is.Empty);
        var decider = new Decider(compilation.Bundle!);
        Assert.That(new[] { prefix, prefix + "x", other, "dev-" }.Select(label => IsDenied(decider, label)), Is.EqualTo(new[] { true, true, false, false }));
    }

    [TestCase("cases: [{ name: x, given: {}, expect: { auth: { decided-by: [] } } }]")]
    [TestCase("cases: [{ name: x, given: {}, expect: { auth: { methods: { includes: [] } } } }]")]
    [TestCase("tables: [{ name: x, columns: [posture.risk, auth.decided-by], rows: [[1, []]] }]")]
    [TestCase("tables: [{ name: x, columns: [posture.risk, auth], rows: [] }]")]
    public void A_test_that_tests_nothing_is_refused(string tests)
    {
        SourceFile[] files = [.. Files("policy p\nauth { otherwise use { methods x509 } }\n"), new("p.tests.yaml", $"now: 2026-11-23T12:00Z\n{tests}\n")];
        PolicyTestRun run = PolicyTester.Run(files, files, filter: null, progress: null);
        Assert.That((run.IsValid, run.Diagnostics.Length), Is.EqualTo((false, 1)));
    }

    private static bool IsDenied(Decider decider, string label) => decider.Decide(DecisionKind.Auth,
        decider.Prepare(DeviceContext.Of([new("device.label", AttributeValue.Of(label)), new("posture.risk", AttributeValue.Of(0))])), DateTimeOffset.UnixEpoch).Outcome.IsDenied;

    private static Compilation Compile(string policy) => PolicyCompiler.Compile(Files(policy));

    private static SourceFile[] Files(string policy) =>
    [
        new("policyset.yaml", "name: deceptive\nattributes: device.attributes.yaml\npolicies: [p.m2m]\n"),
        new("device.attributes.yaml", """
            attributes:
              device.label: { type: string, provenance: claimed, description: "A label." }
              posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: "The risk." }

            """),
        new("p.m2m", policy),
    ];
}
