using System.Text.RegularExpressions;
using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests;

/// <summary>The threat model claims that code and tests stop things: each of its lines names some, and those exist and are run.</summary>
internal sealed partial class ThreatModelTests
{
    private const string Nothing = "**nothing";

    private static readonly string Root = Path.GetFullPath(Path.Combine(ProjectFolder.Of(typeof(ThreatModelTests).Assembly), "../.."));

    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs/threat-model.md"));

    [TestCaseSource(nameof(Tests))]
    public void A_test_that_it_names_is_one_that_is_run(string name)
    {
        string[] parts = name.Split('.'), folders = name.Split('/');
        string method = folders[^1].Contains('.', StringComparison.Ordinal) ? parts[^1] : "";
        string file = (method.Length == 0 ? name : name[..^(method.Length + 1)]) + ".cs";
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Root, "tests"), Path.GetFileName(file), SearchOption.AllDirectories).Where(IsSource)];
        if (folders.Length > 1)
            files = [.. files.Where(found => found == Path.Combine(Root, "tests", $"PolicyM2M.{file}"))];
        Assert.That(files, Has.Length.EqualTo(1), "the class is one; where two projects have it, the page says which: `Pdp.Tests/DecideTests.…`");
        string[] lines = File.ReadAllLines(files[0]);
        Assert.That(lines.Where(line => LeftOut().IsMatch(line)), Is.Empty, "a test that is left out stops nothing");
        Assert.That(method.Length == 0 ? lines.Count(line => IsTest().IsMatch(line)) : TestsNamed(lines, method), method.Length == 0 ? Is.Positive : Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Places))]
    public void A_place_in_the_code_that_it_names_is_there(string path) => Assert.That(Path.Exists(Path.Combine(Root, path)), Is.True);

    [Test]
    public void Each_line_of_a_table_and_each_boundary_names_a_test_or_code_or_says_that_nothing_stops_it()
    {
        string[] lines = Page.Split('\n');
        // A table begins with its head and the line below it.
        string[] claims = [.. lines.Where((line, at) => Boundary().IsMatch(line) || line.StartsWith("| ", StringComparison.Ordinal) && !IsRule(line) && !(at + 1 < lines.Length && IsRule(lines[at + 1])))];
        Assert.That(claims, Has.Length.GreaterThan(60));
        Assert.That(claims.Where(line => !TestName().IsMatch(line) && !Place().IsMatch(line) && !line.Contains(Nothing, StringComparison.OrdinalIgnoreCase)), Is.Empty);
    }

    private static bool IsRule(string line) => line.StartsWith("| ---", StringComparison.Ordinal);

    /// <summary>How many methods of this name are tests: what stands above them, line by line, are attributes.</summary>
    private static int TestsNamed(string[] lines, string method) => lines.Index()
        .Where(line => line.Item.TrimStart().StartsWith("public ", StringComparison.Ordinal) && line.Item.Contains($" {method}(", StringComparison.Ordinal))
        .Count(line => lines.Take(line.Index).Reverse().TakeWhile(above => above.TrimStart().StartsWith('[')).Any(above => IsTest().IsMatch(above)));

    private static bool IsSource(string path) => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal);

    private static IEnumerable<string> Tests() => TestName().Matches(Page).Select(match => match.Groups[1].Value).Distinct();

    private static IEnumerable<string> Places() => Place().Matches(Page).Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex(@"`((?:[\w.]+/)*\w+(?:Tests|Properties)(?:\.\w+)?)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"`((?:engine|pdp-server|enforcement-sdk|schemas|deploy)/[\w./-]+)`")]
    private static partial Regex Place();

    [GeneratedRegex(@"^\d+\. ")]
    private static partial Regex Boundary();

    [GeneratedRegex(@"^\s*\[(?:Test|TestCase|TestCaseSource)\b")]
    private static partial Regex IsTest();

    [GeneratedRegex(@"^\s*\[(?:Ignore|Explicit)\b|,\s*(?:Ignore|Explicit)\b|Ignore(?:Reason)? = """)]
    private static partial Regex LeftOut();
}
