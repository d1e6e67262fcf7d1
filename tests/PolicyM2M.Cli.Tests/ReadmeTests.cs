using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>What the README and the pages beside it show is what a reader gets.</summary>
[TestFixture]
public sealed partial class ReadmeTests
{
    private static readonly string Root = ProjectFolder.RepositoryRootOf(typeof(ReadmeTests).Assembly);

    private static IEnumerable<TestCaseData> Transcripts =>
        Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Order(StringComparer.Ordinal).Select(File.ReadAllText).Prepend(Readme()).SelectMany(page => Transcript().Matches(page)).Select(match => new TestCaseData(match.Groups["arguments"].Value, match.Groups["output"].Value)
            .SetArgDisplayNames(match.Groups["arguments"].Value));

    [TestCaseSource(nameof(Transcripts))]
    public void A_command_prints_what_its_page_shows(string arguments, string output)
    {
        FinishedProcess run = M2M.RunIn(Root, "", arguments.Split(' '));
        Assert.That(run.Output + run.Error, Is.EqualTo(output));
    }

    [Test]
    public void The_README_shows_commands() => Assert.That(Transcripts.Count(), Is.GreaterThan(3));

    [Test]
    public void The_first_policy_of_the_README_is_the_one_in_its_folder() =>
        Assert.That(Readme(), Does.Contain($"```\n{File.ReadAllText(Path.Combine(Root, "docs/first/first.m2m"))}```"));

    [Test]
    public void What_the_README_links_to_is_there() =>
        Assert.That(Link().Matches(Readme()).Select(match => match.Groups["path"].Value).Where(path => !Path.Exists(Path.Combine(Root, path))), Is.Empty);

    /// <summary>Clients of the decision point are shown with the rules that decided; whoever looks these up finds them.</summary>
    [Test]
    public void The_rules_that_clients_are_shown_with_stand_where_they_are_said_to()
    {
        using var trees = JsonDocument.Parse(M2M.RunIn(Root, "", "tree", "policies", "--json").Output);
        HashSet<(string, string, string, int)> rules =
        [
            .. trees.RootElement.GetProperty("trees").EnumerateArray().SelectMany(tree => tree.GetProperty("nodes").EnumerateArray()).SelectMany(node => node.GetProperty("rules").EnumerateArray())
                .Select(rule => (rule.GetProperty("policy").GetString()!, rule.GetProperty("rule").GetString()!, rule.GetProperty("file").GetString()!, rule.GetProperty("line").GetInt32())),
        ];
        Match[] shown = [.. new[] { "README.md", "docs/clients/README.md" }.SelectMany(page => ShownRule().Matches(File.ReadAllText(Path.Combine(Root, page))))];
        Assert.That(shown, Has.Length.GreaterThan(5));
        Assert.That(shown.Where(rule => !rules.Contains((rule.Groups["policy"].Value, rule.Groups["label"].Value, rule.Groups["file"].Value,
            int.Parse(rule.Groups["line"].Value, CultureInfo.InvariantCulture)))).Select(rule => rule.Value), Is.Empty);
    }

    private static string Readme() => File.ReadAllText(Path.Combine(Root, "README.md"));

    [GeneratedRegex(@"^```(?:console)?\n\$ m2m (?<arguments>.*)\n(?<output>(?:(?!```).*\n)*)```$", RegexOptions.Multiline)]
    private static partial Regex Transcript();

    [GeneratedRegex("""policy"?: ['"](?<policy>[^'"]+)['"],\s*"?label"?: ['"](?<label>[^'"]+)['"],\s*"?file"?: ['"](?<file>[^'"]+)['"],\s*"?line"?: (?<line>[0-9]+),""")]
    private static partial Regex ShownRule();

    [GeneratedRegex(@"\]\((?<path>[^):]+)\)|\| `(?<path>[\w./-]+)` \|")]
    private static partial Regex Link();
}
