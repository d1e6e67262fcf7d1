namespace PolicyM2M.Compiler.Tests;

/// <summary>Cases that no context reaches are warned of, and no others.</summary>
internal sealed class UnreachedCaseTests
{
    [TestCase("risk >= 50", "risk >= 60", "flag", "4 M2M327", TestName = "One that is part of an earlier one")]
    [TestCase("kind == \"a\"", "kind == \"b\"", "flag", "5 M2M327", TestName = "One after others that leave nothing")]
    [TestCase("risk >= 0", "flag", "kind == \"a\"", "3 M2M314, 4 M2M327, 5 M2M327", TestName = "Those after one that always holds")]
    [TestCase("risk >= 50 or flag", "flag and kind == \"a\"", "risk > 70 and not flag", "4 M2M327, 5 M2M327", TestName = "Those of several attributes")]
    [TestCase("risk >= 60", "risk >= 50", "flag", "", TestName = "Not one that an earlier one leaves something")]
    [TestCase("flag", "flag", "risk > 3", "4 M2M325", TestName = "Not one that is said to be written twice")]
    [TestCase("flag", "risk > 100", "risk > 3", "4 M2M315", TestName = "Not one that is said never to hold")]
    [TestCase("kind == \"a\"", "not (kind == \"a\") and flag", "not flag and kind == \"b\"", "", TestName = "Not an otherwise that nothing is left for")]
    public void A_case_that_no_context_reaches_is_warned_of(string first, string second, string third, string expected)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  risk:  { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }
                  flag:  { type: bool, provenance: claimed, description: x }
                  kind:  { type: enum, values: [a, b], provenance: claimed, description: x }
                """),
            new SourceFile("p.m2m", $$"""
                policy p
                auth {
                  when {{first}} use { methods x509 }
                  when {{second}} use { methods psk }
                  when {{third}} deny "x"
                  otherwise deny "y"
                }
                """),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null);
        Assert.That(string.Join(", ", compilation.Diagnostics.Select(d => $"{d.Position.Line} {d.Code}")), Is.EqualTo(expected));
    }
}
