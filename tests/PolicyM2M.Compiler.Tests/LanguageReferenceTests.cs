using System.Text.RegularExpressions;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What <c>docs/language.md</c> and the recipes show, compiles; and what the compiler can say, the first lists.</summary>
internal sealed partial class LanguageReferenceTests
{
    private static readonly string Reference = File.ReadAllText(Path.Combine(Repository.Root, "docs", "language.md"));
    private static readonly string Schema = File.ReadAllText(Path.Combine(Repository.Root, "policies", "device.attributes.yaml"));

    private static IEnumerable<TestCaseData> Examples =>
        from page in new[] { "language.md", "recipes.md" }
        let text = File.ReadAllText(Path.Combine(Repository.Root, "docs", page))
        from fence in Fence().Matches(text)
        select new TestCaseData(fence.Groups[1].Value).SetArgDisplayNames($"{page} line {text[..fence.Index].Count(c => c == '\n') + 1}");

    [TestCaseSource(nameof(Examples))]
    public void Every_example_compiles(string policy)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: reference\nattributes: device.attributes.yaml\npolicies: [example.m2m]\nlongest-waiver: 90d\n"),
            new SourceFile("device.attributes.yaml", Schema),
            new SourceFile("example.m2m", policy),
        ]);
        Assert.That(compilation.Diagnostics, Is.Empty);
    }

    [Test]
    public void There_are_examples() => Assert.That(Examples.Count(), Is.GreaterThan(5));

    [Test]
    public void Every_diagnostic_code_is_listed()
    {
        IEnumerable<string> catalogue = new[] { "Diagnostics", "PolicyTests" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, "engine", "PolicyM2M.Compiler", folder), "*.cs"))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)).Select(match => match.Value)).Distinct();
        Assert.That(Code().Matches(Reference).Select(match => match.Value).Distinct().Order(), Is.EqualTo(catalogue.Order()));
    }

    [GeneratedRegex("```m2m\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("M2M[0-9]{3}")]
    private static partial Regex Code();
}
