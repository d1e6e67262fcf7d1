using System.Text.RegularExpressions;
using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests;

/// <summary>The threat model claims that tests and code stop things: those must exist.</summary>
internal sealed partial class ThreatModelTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(ProjectFolder.Of(typeof(ThreatModelTests).Assembly), "../.."));

    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs/threat-model.md"));

    [TestCaseSource(nameof(Tests))]
    public void A_test_that_it_names_is_there(string name)
    {
        string[] parts = name.Split('.');
        string[] texts = [.. Directory.EnumerateFiles(Path.Combine(Root, "tests"), $"{parts[0]}.cs", SearchOption.AllDirectories).Select(File.ReadAllText)];
        Assert.That(texts, parts.Length == 1 ? Is.Not.Empty : Has.Some.Contains($" {parts[^1]}("));
    }

    [TestCaseSource(nameof(Places))]
    public void A_place_in_the_code_that_it_names_is_there(string path) => Assert.That(Path.Exists(Path.Combine(Root, path)), Is.True);

    private static IEnumerable<string> Tests() => TestName().Matches(Page).Select(match => match.Groups[1].Value).Distinct();

    private static IEnumerable<string> Places() => Place().Matches(Page).Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex(@"`(\w+(?:Tests|Properties)(?:\.\w+)?)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"`((?:engine|pdp-server|schemas)/[\w./-]+)`")]
    private static partial Regex Place();
}
