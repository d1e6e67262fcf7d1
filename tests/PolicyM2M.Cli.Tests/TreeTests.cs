using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary><c>m2m tree</c>, as its users call it.</summary>
[TestFixture]
public sealed class TreeTests
{
    private static readonly string Root = ProjectFolder.RepositoryRootOf(typeof(TreeTests).Assembly);

    [TestCase("tree docs/first", "first")]
    [TestCase("tree policies --kind rotation --depth 2", "rotation")]
    [TestCase("tree docs/first --kind cipher-suites --dot", "dot")]
    public void A_tree_for_people(string arguments, string name) => Snapshot.Match(M2M.Transcript(M2M.RunIn(Root, "", arguments.Split(' '))), name);

    [Test]
    public void Every_text_of_a_picture_lies_within_it()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess run = M2M.RunIn(Root, "", "tree", "policies", "--svg", folder["trees.svg"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        XElement svg = XDocument.Load(folder["trees.svg"]).Root!;
        double width = double.Parse(svg.Attribute("width")!.Value, CultureInfo.InvariantCulture), height = double.Parse(svg.Attribute("height")!.Value, CultureInfo.InvariantCulture);
        XElement[] texts = [.. svg.Elements().Where(element => element.Name.LocalName == "text")];
        Assert.That(texts, Has.Length.GreaterThan(50));
        foreach (XElement text in texts)
        {
            // Half an em is what characters of a fixed-width font take, and a little more.
            Assert.That(double.Parse(text.Attribute("x")!.Value, CultureInfo.InvariantCulture) + text.Value.Length * 8, Is.LessThan(width), text.Value);
            Assert.That(double.Parse(text.Attribute("y")!.Value, CultureInfo.InvariantCulture), Is.LessThan(height), text.Value);
        }
    }

    [Test]
    public void Each_answer_in_JSON_says_whether_it_denies_and_why()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  risk: { type: int, minimum: 0, maximum: 9, provenance: claimed, description: x }\n");
        folder.Write("p.m2m", "policy p\nauth {\n  when risk > 5 deny \"too high\"\n  when risk > 3 use { mutual required }\n  otherwise use { methods x509 }\n}\n");
        using var trees = JsonDocument.Parse(M2M.Run("tree", folder.Path, "--kind", "auth", "--json").Output);
        JsonElement[] nodes = [.. trees.RootElement.GetProperty("trees")[0].GetProperty("nodes").EnumerateArray()];
        Assert.That(nodes.Where(node => node.GetProperty("form").GetString() == "answer").Select(node => node.GetProperty("deny").GetString()),
            Is.EquivalentTo(new[] { "too high", "no rule that applies states `methods`", null }));
        Assert.That(nodes.Where(node => node.GetProperty("form").GetString() != "answer").Select(node => node.GetProperty("deny").ValueKind), Is.All.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void A_long_list_is_shown_by_how_it_begins_unless_all_of_it_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  id: { type: string, provenance: claimed, description: x }\n");
        folder.Write("p.m2m", $"policy p\nauth {{\n  when id in [{string.Join(", ", Enumerable.Range(0, 3000).Select(i => $"\"plc, ({i:D4}]\""))}] deny \"no\"\n  otherwise use {{ methods x509 }}\n}}\n");
        string shown = M2M.RunIn(folder.Path, "", "tree", ".", "--kind", "auth").Output;
        Assert.That(shown, Does.Contain("id in [\"plc, (0000]\", ").And.Contain(", … 2,995 more] → deny: no\n").And.Contain("id not in [\"plc, (0000]\""));
        Assert.That(shown.Split('\n').Max(line => line.Length), Is.LessThan(200));
        Assert.That(M2M.RunIn(folder.Path, "", "tree", ".", "--kind", "auth", "--full").Output, Does.Contain("\"plc, (2999]\"] → deny: no\n"));
        Assert.That(M2M.RunIn(folder.Path, "", "tree", ".", "--kind", "auth", "--json").Output, Does.Contain("plc, (2999]"));
        Assert.That(M2M.RunIn(folder.Path, "{}", "explain", ".", "--context", "-", "--kind", "auth").Output, Does.Contain("is open (it is missing)").And.Contain("… 2,995 more]"));
    }

    [Test]
    public void All_nodes_are_there_as_json()
    {
        FinishedProcess run = M2M.RunIn(Root, "", "tree", "docs/first", "--kind", "cipher-suites", "--json");
        using var report = System.Text.Json.JsonDocument.Parse(run.Output);
        System.Text.Json.JsonElement[] nodes = [.. report.RootElement.GetProperty("trees")[0].GetProperty("nodes").EnumerateArray()];
        Assert.That(nodes.SelectMany(node => node.GetProperty("edges").EnumerateArray()).Select(edge => edge.GetProperty("node").GetInt32()).Max(), Is.EqualTo(nodes.Length - 1));
        Assert.That(nodes.Where(node => node.GetProperty("form").GetString() == "answer").SelectMany(node => node.GetProperty("rules").EnumerateArray()).Select(rule => rule.GetProperty("rule").GetString()),
            Does.Contain("require short-in-public"));
    }

    [TestCase("--depth 0", "expected a whole number from 1 to 10000")]
    [TestCase("--svg x.svg --dot", "give either --svg or --dot")]
    public void What_cannot_be_drawn_is_refused(string arguments, string reason)
    {
        FinishedProcess run = M2M.RunIn(Root, "", ["tree", "docs/first", .. arguments.Split(' ')]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(reason));
    }
}
