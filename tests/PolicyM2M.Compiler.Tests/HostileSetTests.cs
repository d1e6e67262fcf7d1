using System.Text;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Sets that no person would write: each is compiled or refused with a diagnostic, and never stops the process.</summary>
internal sealed class HostileSetTests
{
    [Test]
    public void Cases_that_each_test_other_attributes_do_not_explode()
    {
        var random = new Random(7);
        var policy = new StringBuilder("policy p\nauth {\n");
        for (int i = 0; i < 2000; i++)
            policy.Append($"  when a{random.Next(40)} {(random.Next(2) == 0 ? "==" : "!=")} {random.Next(9)} and a{random.Next(40)} > {random.Next(9)} use {{ methods x509 reauthenticate {i + 1}s }}\n");
        Compilation compilation = Compile(policy.Append("}\n").ToString(), Attributes(40));
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Bytes.Length, Is.LessThan(1_000_000));
    }

    [Test]
    public void Defines_that_double_each_time_are_shared_and_not_copied()
    {
        var policy = new StringBuilder("policy p\ndefine d0 = a0 == 1 or a0 == 5\n");
        for (int i = 1; i < 200; i++)
            policy.Append($"define d{i} = d{i - 1} and (d{i - 1} or a0 > {i % 9})\n");
        Compilation compilation = Compile(policy.Append("auth { when d120 deny \"x\" otherwise use { methods x509 } }").ToString(), "  a0: { type: int, provenance: claimed, description: x }\n");
        Assert.That(compilation.Diagnostics.Where(d => d.Code != "M2M106"), Is.Empty);
    }

    [Test]
    public void Defines_that_double_each_time_are_explained_waived_and_tested_too()
    {
        var policy = new StringBuilder("policy p\ndefine d0 = a0 == 1 and a1 == 2\n");
        for (int i = 1; i < 100; i++)
            policy.Append($"define d{i} = d{i - 1} and (d{i - 1} or has a0)\n");
        policy.Append("auth { when d99 deny \"x\" otherwise use { methods x509 } }\nforbid f : auth \"y\" when not d99 and a0 > 5\n");
        SourceFile[] files = Set(policy.Append("waive p.f when d99 and a0 > 7 until 2027-01-31 because \"x\" approved-by \"y\"\n").ToString(), Attributes(2), "longest-waiver: 90d\n");
        Explanation explanation = Explainer.Of(files, out _)!.Explain(DecisionKind.Auth, DeviceContext.Empty.With("a0", AttributeValue.Of(1)), DateTimeOffset.UnixEpoch, counterfactual: true);
        Assert.That(explanation.Policies[0].Rules[0].Because.Select(reason => reason.Test), Is.EqualTo(new[] { "a1 == 2" }));
        Assert.That(PolicyTester.Run(files, [], filter: null, progress: null).SelfTest.Faults, Is.Empty);
    }

    /// <summary>Each case is an or, or an and of some, so that one tree would grow with the product of all.</summary>
    [TestCase(1, 40, null)]
    [TestCase(3, 5, null)]
    [TestCase(13, 3, "M2M310")]
    public void Forty_attributes_in_forty_cases_are_compiled_or_refused_at_once(int clauses, int tests, string? code)
    {
        var random = new Random(3);
        var policy = new StringBuilder("policy p\nauth {\n");
        for (int i = 0; i < 40; i++)
        {
            IEnumerable<string> conditions = Enumerable.Range(0, clauses).Select(_ => $"({string.Join(" or ", Enumerable.Range(0, tests).Select(_ => $"a{random.Next(40)} == {random.Next(100)}"))})");
            policy.Append($"  when {string.Join(" and ", conditions)} use {{ methods x509 reauthenticate {i + 1}s }}\n");
        }
        Compilation compilation = Compile(policy.Append("}\n").ToString(), Attributes(40));
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Is.EqualTo(code is null ? [] : new[] { code }));
    }

    [TestCase("(d{0} and not {1}) or (not d{0} and {1})")]
    [TestCase("(d{0} and {1}) or (d{0} and {2})")]
    [TestCase("(d{0} or {1}) and (not d{0} or {2})")]
    public void Defines_that_share_parts_are_worked_out_once_however_they_are_joined(string step)
    {
        var policy = new StringBuilder("policy p\ndefine d0 = a0 > 1\n");
        for (int i = 1; i < 60; i++)
            policy.Append($"define d{i} = {string.Format(step, i - 1, $"a{i} > 1", $"a{i} > 2")}\n");
        policy.Append("auth { when d59 deny \"x\" otherwise use { methods x509 } }");
        Compilation compilation = Compile(policy.ToString(), Attributes(60));
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Is.SubsetOf(new[] { "M2M310" }), "compiled or refused, and either at once");
    }

    [Test]
    public void A_block_that_tests_an_attribute_more_in_each_of_ten_thousand_cases_is_tested_case_by_case()
    {
        string policy = "policy p\nauth {\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"  when a{i} > 5 use {{ methods x509 reauthenticate {i + 1}s }}\n")) + "}\n";
        var decider = new Decider(Compile(policy, Attributes(10_000)).Bundle!);
        foreach (int first in new[] { 0, 1, 4711, 9999 })
        {
            DeviceContext context = DeviceContext.Of(Enumerable.Range(0, 10_000).Select(i => KeyValuePair.Create($"a{i}", AttributeValue.Of(i < first ? 5L : 6L))));
            Assert.That(decider.Decide(DecisionKind.Auth, decider.Prepare(context), DateTimeOffset.UnixEpoch).Outcome[Field.Reauthenticate]!.ToString(), Is.EqualTo(DurationText.Format(first + 1)));
        }
    }

    [Test]
    public void Cases_that_share_no_attribute_are_decided_one_after_the_other()
    {
        string policy = "policy p\nauth {\n" + string.Concat(Enumerable.Range(0, 25).Select(i => $"  when a{i} > 5 and a{i + 25} < 3 use {{ methods x509 }}\n"))
            + "  otherwise use { methods psk }\n}\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"require r{i} : auth {{ fresh-for 1h }} when a{i} > 7 and a{i + 20} < 2\n"));
        Assert.That(Compile(policy, Attributes(50)).Bundle, Is.Not.Null);
    }

    [Test]
    public void A_chain_of_ten_thousand_defines_is_refused_without_exhausting_the_stack()
    {
        var policy = new StringBuilder("policy p\ndefine d0 = a0 == 1\n");
        for (int i = 1; i < 10_000; i++)
            policy.Append($"define d{i} = not d{i - 1}\n");
        string backwards = string.Join('\n', policy.ToString().TrimEnd().Split('\n').Skip(1).Reverse().Prepend("policy p"));
        foreach (string text in new[] { policy.ToString(), backwards })
            Assert.That(Compile(text, "  a0: { type: int, provenance: claimed, description: x }\n").Diagnostics.Select(d => d.Code).Distinct(), Is.SubsetOf(new[] { "M2M106", "M2M199" }).And.Not.Empty);
    }

    [Test]
    public void A_condition_of_ten_thousand_parts_is_no_deeper_than_one()
    {
        string policy = "policy p\nauth { when " + string.Join(" and ", Enumerable.Range(0, 10_000).Select(i => $"a0 != {i}")) + " deny \"x\" otherwise use { methods x509 } }";
        Assert.That(Compile(policy, "  a0: { type: int, provenance: claimed, description: x }\n").Bundle, Is.Not.Null);
    }

    [Test]
    public void A_million_faults_are_reported_up_to_a_limit()
    {
        Compilation compilation = Compile("policy p\n" + string.Concat(Enumerable.Repeat("define x = 5\n", 20_000)), "  a0: { type: int, provenance: claimed, description: x }\n");
        Assert.That(compilation.Diagnostics, Has.Length.LessThan(300));
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Does.Contain("M2M199"));
    }

    [Test]
    public void Many_warnings_are_no_error_and_hide_none()
    {
        string warned = "policy p\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"require r{i} : auth {{ mutual required  fresh-for 2h  usable-for 1h }}\n"));
        Compilation compilation = Compile(warned, "  a0: { type: int, provenance: claimed, description: x }\n");
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Severity)).Distinct(), Is.EquivalentTo(new[] { ("M2M309", Severity.Warning), ("M2M199", Severity.Warning) }));
        Assert.That(Compile(warned + "forbid f : auth \"no\" when a9 > 1\n", "  a0: { type: int, provenance: claimed, description: x }\n").Diagnostics.Select(d => d.Code), Does.Contain("M2M201"));
    }

    [Test]
    public void Deeply_nested_YAML_is_refused()
    {
        Compilation compilation = PolicyCompiler.Compile([new SourceFile("policyset.yaml", "name: " + new string('[', 200_000))]);
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Is.SubsetOf(new[] { "M2M106", "M2M402" }).And.Not.Empty);
    }

    [Test]
    public void Random_bytes_never_throw()
    {
        var random = new Random(11);
        const string Alphabet = "policy define auth { } ( ) [ ] \" \\ , : = == .. < > not and or when use deny 1.2 30d 2/3 \n \t \0 \uD800 é €";
        for (int run = 0; run < 500; run++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            Assert.That(() => Compile("policy p\n" + text, "  a0: { type: int, provenance: claimed, description: x }\n"), Throws.Nothing, text);
            Assert.That(() => PolicyCompiler.Compile([new SourceFile("policyset.yaml", text)]), Throws.Nothing, text);
        }
    }

    private static string Attributes(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"  a{i}: {{ type: int, provenance: claimed, description: x }}\n"));

    private static Compilation Compile(string policy, string attributes) => PolicyCompiler.Compile(Set(policy, attributes));

    private static SourceFile[] Set(string policy, string attributes, string manifest = "") =>
    [
        new SourceFile("policyset.yaml", "name: hostile\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n" + manifest),
        new SourceFile("a.attributes.yaml", "attributes:\n" + attributes),
        new SourceFile("p.m2m", policy),
    ];
}
