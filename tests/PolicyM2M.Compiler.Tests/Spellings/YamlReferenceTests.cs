using System.Text.RegularExpressions;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>What <c>docs/yaml.md</c> shows, compiles, and is printed as it is shown where it is shown canonically.</summary>
internal sealed partial class YamlReferenceTests
{
    private static readonly string Reference = File.ReadAllText(Path.Combine(Repository.Root, "docs", "yaml.md"));
    private static readonly string Schema = File.ReadAllText(Path.Combine(Repository.Root, "policies", "device.attributes.yaml"));

    private static IEnumerable<TestCaseData> Examples => Fence().Matches(Reference)
        .Select(fence => new TestCaseData(fence.Groups[1].Value).SetArgDisplayNames($"line {Reference[..fence.Index].Count(c => c == '\n') + 1}"));

    [TestCaseSource(nameof(Examples))]
    public void Every_example_compiles(string policy)
    {
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: reference\nattributes: device.attributes.yaml\npolicies: [example.m2m.yaml]\nlongest-waiver: 90d\n"),
            new SourceFile("device.attributes.yaml", Schema),
            new SourceFile("example.m2m.yaml", policy),
        ]);
        Assert.That(compilation.Diagnostics, Is.Empty);
    }

    [Test]
    public void The_first_example_is_canonical()
    {
        string policy = Fence().Match(Reference).Groups[1].Value;
        Assert.That(PolicyFormatter.Format(new SourceFile("example.m2m.yaml", policy), PolicySpelling.Yaml).Text, Is.EqualTo(policy));
    }

    [Test]
    public void There_are_examples() => Assert.That(Examples.Count(), Is.GreaterThan(2));

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
