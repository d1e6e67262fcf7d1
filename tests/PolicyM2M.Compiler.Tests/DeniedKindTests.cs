using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Compiler.Tests;

/// <summary>A kind of decision that everybody is denied though some case allows something is warned of, with what denies it; and no other.</summary>
internal sealed class DeniedKindTests
{
    [TestCase("auth { otherwise use { methods x509 } }\nforbid all : auth \"no\"", "2 by `p forbid all` at p.m2m:3")]
    [TestCase("auth {\n  when risk > 5 use { methods x509 }\n  otherwise deny \"low\"\n}\nforbid all : auth \"no\"", "2 by `p forbid all` at p.m2m:6")]
    [TestCase("auth { otherwise use { mutual required } }", "2 by omission (`methods` not stated)")]
    [TestCase("auth { otherwise use { methods x509 } }\nrequire r : auth { methods psk }", "2 by `p auth otherwise` at p.m2m:2, `p require r` at p.m2m:3")]
    [TestCase("auth {\n  when risk > 5 use { methods x509 }\n  otherwise deny \"low\"\n}\nforbid high : auth \"high\" when risk > 3", "2 by `p auth otherwise` at p.m2m:4, `p forbid high` at p.m2m:6")]
    [TestCase("auth { otherwise use { methods x509 } }\nforbid most : auth \"no\" when risk > 0", null)]
    [TestCase("auth { otherwise deny \"no\" }", null)]
    [TestCase("forbid all : auth \"no\"", null)]
    public void A_kind_that_everybody_is_denied_is_warned_of(string policy, string? said) => Check(policy, said);

    /// <summary>More cases than one tree takes: the trees of the rules stand side by side.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void So_is_one_of_a_set_too_large_for_one_tree(bool isDenied)
    {
        string cases = string.Concat(Enumerable.Range(0, 400).Select(i => $"  when id == \"a{i}\" and site != \"s{i % 97}\" use {{ methods x509 }}\n"));
        string others = string.Concat(Enumerable.Range(0, 300).Select(i => $"require r{i} : auth {{ mutual required }} when site == \"t{i}\" and maker != \"m{i}\"\n"));
        Check($"auth {{\n{cases}  otherwise use {{ methods psk }}\n}}\n{others}{(isDenied ? "forbid all : auth \"no\"" : "forbid some : auth \"no\" when maker == \"x\"")}", isDenied ? "2 by `p forbid all` at p.m2m:705" : null);
    }

    private static void Check(string policy, string? said)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  risk:  { type: int, minimum: 0, maximum: 100, provenance: claimed, description: x }
                  id:    { type: string, provenance: claimed, description: x }
                  site:  { type: string, provenance: claimed, description: x }
                  maker: { type: string, provenance: claimed, description: x }
                """),
            new SourceFile("p.m2m", $"policy p\n{policy}\n"),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null, () => string.Join('\n', compilation.Diagnostics));
        Diagnostic[] found = [.. compilation.Diagnostics.Where(fault => fault.Code == "M2M336")];
        Assert.That(found.Select(fault => $"{fault.Position.Line} {fault.Message[fault.Message.IndexOf("by ", StringComparison.Ordinal)..]}"), Is.EqualTo(said is null ? [] : new[] { said }));
    }
}
