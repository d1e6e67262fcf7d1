using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Conditions that leave no choice are warned of; they do not make a set invalid.</summary>
internal sealed class ConditionWarningTests
{
    [TestCase("risk >= 0", "M2M314")]
    [TestCase("kind in [\"a\", \"b\"]", "M2M314")]
    [TestCase("has kind or not has kind", "M2M314")]
    [TestCase("time.of-day >= 00:00", "M2M314")]
    [TestCase("risk == 1 and risk == 2", "M2M315")]
    [TestCase("risk > 5 and not (risk > 3)", "M2M315")]
    [TestCase("place within 10.0.0.0/8 and place within 11.0.0.0/8", "M2M315")]
    [TestCase("name starts-with \"ab\" and name starts-with \"b\"", "M2M315")]
    [TestCase("risk > 100 or kind == \"a\"", "M2M315")]
    [TestCase("kind == \"a\" and not (risk >= 0 and flag)", "M2M314")]
    [TestCase("place within ::/0 and place within 10.0.0.0/8", "M2M315")]
    [TestCase("place within [::/0, 0.0.0.0/0]", "M2M314")]
    [TestCase("place within ::/0", null)]
    [TestCase("risk >= 1", null)]
    [TestCase("(risk == 1 and risk == 2) or kind == \"a\"", "M2M315")]
    [TestCase("not (risk == 1 and risk == 2) and kind == \"a\"", "M2M314")]
    [TestCase("(has kind or not has kind) and flag", "M2M314")]
    [TestCase("time.of-day >= 00:00 and flag", "M2M314")]
    [TestCase("risk in 0..100 and flag", "M2M314")]
    [TestCase("risk in 0..50", null)]
    [TestCase("risk in 50..100 or flag", null)]
    [TestCase("place within 10.0.0.0/8 and place within 10.1.0.0/16", null)]
    [TestCase("(risk == 1 or flag) and (risk == 2 or flag) and not flag", "M2M315", Description = "only taken together do its parts leave nothing")]
    [TestCase("(risk == 1 or flag) and (risk == 2 or flag) and not (kind == \"a\" and flag)", null)]
    public void A_condition_that_leaves_no_choice_is_warned_of(string condition, string? code)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  risk:  { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }
                  flag:  { type: bool, provenance: claimed, description: x }
                  kind:  { type: enum, values: [a, b], provenance: claimed, description: x }
                  name:  { type: string, provenance: claimed, description: x }
                  place: { type: address, provenance: claimed, description: x }
                """),
            new SourceFile("p.m2m", $"policy p\nauth {{\n  when {condition} deny \"x\"\n  otherwise use {{ methods x509 }}\n}}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Position.Line)), Is.EqualTo(code is null ? [] : new[] { (code, 3) }));
    }

    [TestCase("policy p", 1)]
    [TestCase("policy p\ndefine odd = risk > 5\nprofile a : auth { methods x509 }", 1)]
    [TestCase("policy p\ninvariant \"i\" : auth always deny", 0)]
    [TestCase("policy p\nrequire r : auth { mutual required }", 0)]
    public void A_policy_that_says_nothing_is_warned_of(string policy, int line)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, provenance: claimed, description: x }\n"),
            new SourceFile("p.m2m", policy),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Position.Line)), Is.EqualTo(line == 0 ? [] : new[] { ("M2M331", line) }));
    }

    [TestCase("policy long-name for risk >= 0\nauth { otherwise deny \"x\" }", "long-name", "without `for`")]
    [TestCase("policy p\nauth {\n  when risk >= 0 deny \"x\"\n  otherwise use { methods x509 }\n}", "when", "said by `otherwise`")]
    [TestCase("policy p\nforbid always-so : auth \"x\" when risk >= 0", "always-so", "without `when`")]
    [TestCase("policy p\nauth { otherwise deny \"x\" }\ninvariant \"i\" : auth always deny when risk >= 0", "invariant", "without `when`")]
    public void A_condition_that_always_holds_is_pointed_at_with_what_to_do(string policy, string under, string help)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }\n"),
            new SourceFile("p.m2m", policy),
        ]);
        Diagnostic fault = compilation.Diagnostics.Single(found => found.Code == "M2M314");
        Assert.That(policy.Split('\n')[fault.Position.Line - 1].Substring(fault.Position.Column - 1, fault.Length), Is.EqualTo(under));
        Assert.That(fault.Help, Does.Contain(help));
    }

    [TestCase("policy p\nforbid f : auth \"x\" when (risk == 1 or flag) and (risk == 2 or flag) and not flag", 2)]
    [TestCase("policy p\nrequire r : auth { mutual required } when (risk < 3 or flag) and (risk > 4 or flag) and not (flag and risk < 9) and risk < 7", 2)]
    [TestCase("policy p for risk > 50 or flag\nforbid f : auth \"x\" when risk < 40 and not flag", 2)]
    [TestCase("policy p for risk > 50\nforbid f : auth \"x\" when risk < 40", 2)]
    [TestCase("policy p for risk > 100\nauth { otherwise deny \"x\" }", 1)]
    [TestCase("policy p\nauth { otherwise deny \"x\" }\ninvariant \"i\" : auth always deny when risk > 100", 3)]
    [TestCase("policy p\ndefine odd = risk > 100\nauth {\n  when odd or risk < 3 deny \"x\"\n  when odd or risk < 5 deny \"y\"\n  otherwise use { methods x509 }\n}", 4)]
    public void Targets_invariants_and_definitions_are_looked_at_too_each_once(string policy, int line)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }\n  flag: { type: bool, provenance: claimed, description: x }\n"),
            new SourceFile("p.m2m", policy),
        ]);
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Position.Line)), Is.EqualTo(new[] { ("M2M315", line) }));
    }
}
