using System.Collections.Immutable;

namespace PolicyM2M.Compiler.Tests;

/// <summary>A case that gives a device more because it says nothing is warned of, and no other.</summary>
internal sealed class SilenceTests
{
    private const string Strict = "use { methods x509  fresh-for 1h  usable-for 1h }";
    private const string Lax = "use { methods x509, psk  fresh-for 1h  usable-for 1h }";

    [TestCase($"when not has risk {Lax}\n when risk > 50 deny \"x\"\n otherwise {Lax}", 3)]
    [TestCase($"when not has risk {Lax}\n when risk > 50 {Strict}\n otherwise {Lax}", 3)]
    [TestCase($"when flag deny \"x\"\n when kind == \"a\" and not has risk {Lax}\n when kind == \"a\" {Strict}\n otherwise {Lax}", 4)]
    [TestCase($"when not (has risk or flag) {Lax}\n otherwise deny \"x\"", 3)]
    [TestCase($"when has risk or flag {Strict}\n otherwise {Lax}", 4)]
    [TestCase($"when has risk and risk >= 30 {Strict}\n otherwise {Lax}", 4, Description = "silence leads to the last case")]
    [TestCase($"when has risk and risk >= 30 {Lax}\n otherwise {Strict}", 0)]
    [TestCase($"when has risk and risk >= 30 {Strict}\n when risk >= 20 deny \"x\"\n otherwise {Lax}", 0, Description = "where it is missing the second case is open, and denies")]
    [TestCase($"when not has risk {Strict}\n when risk > 50 {Strict}\n otherwise {Lax}", 0)]
    [TestCase($"when not has risk deny \"x\"\n when risk > 50 {Strict}\n otherwise {Lax}", 0)]
    [TestCase($"when has risk {Lax}\n otherwise deny \"x\"", 0)]
    [TestCase($"when kind == \"a\" and not has risk {Lax}\n when kind == \"b\" deny \"x\"\n otherwise {Lax}", 0, Description = "the stricter case is for others")]
    [TestCase($"when risk > 50 deny \"x\"\n when not has risk {Lax}\n otherwise {Strict}", 0, Description = "where it is missing the first case is open, and denies")]
    [TestCase($"when not has risk use {{ methods x509 }}\n otherwise {Strict}", 0, Description = "what is not stated is the strictest")]
    [TestCase($"when not has risk and kind == \"a\" {Lax}\n when not (kind == \"a\") deny \"x\"\n otherwise {Lax}", 0)]
    public void A_case_by_which_silence_gains_is_warned_of(string cases, int line) =>
        Assert.That(Warnings(cases, "").Select(d => (d.Code, d.Position.Line)), Is.EqualTo(line == 0 ? [] : new[] { ("M2M332", line) }));

    [TestCase("forbid f : auth \"x\" when not has risk", "deny \"x\"", false)]
    [TestCase("forbid f : auth \"x\" when not has risk and kind == \"a\"", "deny \"x\"", true, Description = "others are not denied")]
    [TestCase("forbid f : auth \"x\" when not has risk and kind == \"a\"\nforbid g : auth \"x\" when kind in [\"b\", \"c\"]", "deny \"x\"", false)]
    [TestCase("forbid f : auth \"x\" when risk > 20", "deny \"x\"", false, Description = "where it is missing the prohibition is open, and denies")]
    [TestCase("forbid f : auth \"x\" when has risk", "deny \"x\"", true)]
    [TestCase("forbid f : rotation \"x\" when not has risk", "deny \"x\"", true, Description = "of another kind")]
    [TestCase("require r : auth { methods x509 } when not has risk", Strict, false)]
    [TestCase("require r : auth { methods x509 }", Strict, false)]
    [TestCase("require r : auth { methods x509 } when risk > 20", Strict, false)]
    [TestCase("require r : auth { methods x509 } when kind == \"a\"", Strict, true)]
    [TestCase("require r : auth { methods x509 } when not has risk", "deny \"x\"", true)]
    public void What_demands_say_of_the_silent_device_counts(string demands, string stricter, bool isWarned) =>
        Assert.That(Warnings($"when not has risk {Lax}\n when risk > 50 {stricter}\n otherwise {Lax}", demands).Select(d => (d.Code, d.Position.Line)), Is.EqualTo(isWarned ? new[] { ("M2M332", 3) } : []));

    [TestCase("claimed", "this case gives a device that does not say `risk` more than the case at line 4 would give it for some value")]
    [TestCase("attested", "a device of which no evidence says `risk` gets more by this case than the case at line 4 would give it for some value")]
    [TestCase("registry", "a device of which the registry does not say `risk` gets more by this case than the case at line 4 would give it for some value")]
    public void Who_is_silent_is_said(string provenance, string message) =>
        Assert.That(Warnings($"when not has risk {Lax}\n otherwise {Strict}", "", provenance).Select(d => d.Message), Is.EqualTo(new[] { message }));

    private static ImmutableArray<Diagnostics.Diagnostic> Warnings(string cases, string demands, string provenance = "claimed")
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", $$"""
                attributes:
                  risk:  { type: int, minimum: 0, maximum: 100, provenance: {{provenance}}, description: x }
                  flag:  { type: bool, provenance: claimed, description: x }
                  kind:  { type: enum, values: [a, b, c], provenance: claimed, description: x }
                """),
            new SourceFile("p.m2m", $"policy p\nauth {{\n {cases}\n}}\n{demands}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        return compilation.Diagnostics;
    }

    /// <summary>The warning is a help: no set is refused for the work that it takes.</summary>
    [Test]
    public void A_block_of_many_such_cases_compiles()
    {
        string cases = string.Concat(Enumerable.Range(0, 600).Select(i => $"  when kind == \"k{i}\" and not has risk {Lax}\n"));
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, provenance: claimed, description: x }\n  kind: { type: string, provenance: claimed, description: x }\n"),
            new SourceFile("p.m2m", $"policy p\nauth {{\n{cases}  otherwise {Strict}\n}}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Diagnostics.Select(d => d.Code), Does.Contain("M2M332"));
    }

    /// <summary>The work is counted in what comes after: a case that gains is found while there is some left.</summary>
    [TestCase("when risk > 19999 ", 10_000, "has risk and kind == \"k{0}\" and risk < {0}", true, Description = "silence leaves the first open, so that these are passed over")]
    [TestCase("", 10, "not has risk and kind == \"k{0}\"", true)]
    [TestCase("", 2_000, "not has risk and kind == \"k{0}\"", false, Description = "each is held against all, which is too much work")]
    public void Cases_that_are_looked_at_are_paid_for_and_others_are_not(string open, int count, string when, bool isLeft)
    {
        string many = string.Concat(Enumerable.Range(1, count).Select(i => $"  when {string.Format(when, i)} {Strict}\n"));
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m, q.m2m]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, minimum: 0, maximum: 20000, provenance: claimed, description: x }\n  kind: { type: string, provenance: claimed, description: x }\n"),
            new SourceFile("p.m2m", $"policy p\nauth {{\n{(open.Length == 0 ? "" : $"  {open}{Lax}\n")}{many}  otherwise {Strict}\n}}\n"),
            new SourceFile("q.m2m", $"policy q\nauth {{\n  when not has risk {Lax}\n  otherwise {Strict}\n}}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null, string.Join('\n', compilation.Diagnostics.Take(5)));
        Assert.That(compilation.Diagnostics.Where(d => d.Code == "M2M332").Select(d => d.Position.File), Is.EqualTo(isLeft ? new[] { "q.m2m" } : []));
    }
}
