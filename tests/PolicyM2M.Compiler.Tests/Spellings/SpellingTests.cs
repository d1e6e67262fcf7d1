using System.Text.RegularExpressions;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>The two spellings say the same, and what is printed prints as itself.</summary>
internal sealed partial class SpellingTests
{
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 300;

    private static IEnumerable<TestCaseData> ShippedPolicies =>
        Directory.GetFiles(Path.Combine(Repository.Root, "policies"), "*.m2m", SearchOption.AllDirectories).Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.m2m", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.m2m", SearchOption.AllDirectories).Where(path => !path.Contains("broken", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)))
            .Select(path => new TestCaseData(File.ReadAllText(path)).SetArgDisplayNames(Path.GetRelativePath(Repository.Root, path)));

    private static IEnumerable<TestCaseData> Examples =>
        from page in Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")
        from fence in Fence().Matches(File.ReadAllText(page))
        select new TestCaseData(fence.Groups[1].Value).SetArgDisplayNames($"{Path.GetFileName(page)} at {fence.Index}");

    [TestCaseSource(nameof(ShippedPolicies))]
    [TestCaseSource(nameof(Examples))]
    public void A_policy_comes_back_from_YAML_as_it_was(string policy) => CheckRoundTrip(policy);

    [Test]
    public void A_random_policy_comes_back_from_YAML_as_it_was() => SeededProperty.Holds(Runs, random =>
    {
        foreach (SourceFile file in new RandomPolicies(random).Set().Where(file => PolicyFormatter.SpellingOf(file.Path) is not null))
            CheckRoundTrip(file.Text);
    });

    [Test]
    public void A_set_in_YAML_compiles_to_the_same_decisions() => SeededProperty.Holds(Runs / 10, random =>
    {
        IReadOnlyList<SourceFile> set = new RandomPolicies(random).Set();
        SourceFile[] yaml = [.. set.Select(file => PolicyFormatter.SpellingOf(file.Path) is null
            ? file with { Text = file.Text.Replace(".m2m", ".m2m.yaml", StringComparison.Ordinal) }
            : new SourceFile(file.Path + ".yaml", Print(file.Text, PolicySpelling.M2M, PolicySpelling.Yaml)))];
        Assert.That(DecisionBytes.Of(PolicyCompiler.Compile(yaml)), Is.EqualTo(DecisionBytes.Of(PolicyCompiler.Compile(set))));
    });

    private static void CheckRoundTrip(string policy)
    {
        string tree = TreeText.Of(Parse(policy, PolicySpelling.M2M));
        string canonical = Print(policy, PolicySpelling.M2M, PolicySpelling.M2M);
        Assert.That(TreeText.Of(Parse(canonical, PolicySpelling.M2M)), Is.EqualTo(tree), () => $"canonical\n{canonical}");
        Assert.That(Print(canonical, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(canonical));
        string yaml = Print(policy, PolicySpelling.M2M, PolicySpelling.Yaml);
        Assert.That(TreeText.Of(Parse(yaml, PolicySpelling.Yaml)), Is.EqualTo(tree), () => $"yaml\n{yaml}");
        Assert.That(Print(yaml, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(yaml));
        string back = Print(yaml, PolicySpelling.Yaml, PolicySpelling.M2M);
        Assert.That(TreeText.Of(Parse(back, PolicySpelling.M2M)), Is.EqualTo(tree), () => $"back\n{back}");
        Assert.That(Print(back, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(back));
        Assert.That(Comments(yaml, PolicySpelling.Yaml), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
        Assert.That(Comments(back, PolicySpelling.M2M), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
        Assert.That(Comments(canonical, PolicySpelling.M2M), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
    }

    private static string[] Comments(string text, PolicySpelling spelling)
    {
        PolicySyntax policy = Parse(text, spelling);
        return [.. policy.Comments.Select(comment => policy.Source.Text.Substring(comment.Start, comment.Length)[(spelling == PolicySpelling.Yaml ? 1 : 2)..].TrimEnd())];
    }

    private static string Print(string text, PolicySpelling from, PolicySpelling to) => PolicyFormatter.Print(Parse(text, from), to);

    private static PolicySyntax Parse(string text, PolicySpelling spelling)
    {
        var faults = new Faults();
        PolicySyntax policy = PolicyReader.Read(new SourceText(new SourceFile(spelling == PolicySpelling.Yaml ? "p.m2m.yaml" : "p.m2m", text)), faults);
        Assert.That(faults.Sorted(), Is.Empty, () => text);
        return policy;
    }

    [GeneratedRegex("```m2m\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
