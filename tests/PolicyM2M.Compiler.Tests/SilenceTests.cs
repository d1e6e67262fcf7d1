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
    [TestCase($"when has risk or flag {Strict}\n otherwise {Lax}", 0, Description = "it is the last case: what stands above is another's affair")]
    [TestCase($"when not has risk {Strict}\n when risk > 50 {Strict}\n otherwise {Lax}", 0)]
    [TestCase($"when not has risk deny \"x\"\n when risk > 50 {Strict}\n otherwise {Lax}", 0)]
    [TestCase($"when has risk {Lax}\n otherwise deny \"x\"", 0)]
    [TestCase($"when kind == \"a\" and not has risk {Lax}\n when kind == \"b\" deny \"x\"\n otherwise {Lax}", 0, Description = "the stricter case is for others")]
    [TestCase($"when risk > 50 deny \"x\"\n when not has risk {Lax}\n otherwise {Strict}", 0, Description = "where it is missing the first case is open, and denies")]
    [TestCase($"when not has risk use {{ methods x509 }}\n otherwise {Strict}", 0, Description = "what is not stated is the strictest")]
    [TestCase($"when not has risk and kind == \"a\" {Lax}\n when not (kind == \"a\") deny \"x\"\n otherwise {Lax}", 0)]
    public void A_case_by_which_silence_gains_is_warned_of(string cases, int line)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  risk:  { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }
                  flag:  { type: bool, provenance: claimed, description: x }
                  kind:  { type: enum, values: [a, b, c], provenance: claimed, description: x }
                """),
            new SourceFile("p.m2m", $"policy p\nauth {{\n {cases}\n}}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(compilation.Diagnostics.Select(d => (d.Code, d.Position.Line)), Is.EqualTo(line == 0 ? [] : new[] { ("M2M332", line) }));
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
}
