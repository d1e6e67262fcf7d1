using System.Text.RegularExpressions;
using PolicyM2M.Testing;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Whether the alerts of <c>deploy/</c> fire when they should, and only then, as Prometheus evaluates them.</summary>
[TestFixture]
public sealed partial class AlertRulesTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(ProjectFolder.Of(typeof(AlertRulesTests).Assembly), "../../deploy/prometheus"));

    [Test]
    public void Prometheus_evaluates_them_as_their_tests_say()
    {
        string promtool = new RequiredProgram("promtool", "prometheus").Require();

        FinishedProcess tested = FinishedProcess.Run(promtool, ["test", "rules", Path.Combine(Folder, "policym2m-pdp.tests.yaml")]);

        Assert.That(tested.ExitCode, Is.Zero, tested.Output + tested.Error);
    }

    [Test]
    public void Each_has_a_moment_at_which_it_fires_and_one_at_which_it_does_not()
    {
        string[] alerts = [.. Items(Read("policym2m-pdp.rules.yaml")["groups"][0]["rules"]).Select(rule => $"{rule["alert"]}")];
        var tests = Items(Read("policym2m-pdp.tests.yaml")["tests"]).ToDictionary(test => $"{test["name"]}", test => Items(test["promql_expr_test"]).ToArray());

        Assert.That(tests.Keys, Is.EqualTo(alerts).And.Not.Empty);
        foreach ((string alert, YamlNode[] moments) in tests)
        {
            Assert.That(moments.Select(moment => $"{moment["expr"]}"), Has.All.EqualTo("""ALERTS{alertstate="firing"}"""), alert);
            string[][] fired = [.. moments.Select(moment => Items(moment["exp_samples"]).Select(sample => Name().Match($"{sample["labels"]}").Groups[1].Value).ToArray())];
            Assert.That(fired, Has.Some.EqualTo(new[] { alert }).And.Some.Empty, alert);
        }
    }

    private static IEnumerable<YamlNode> Items(YamlNode sequence) => (YamlSequenceNode)sequence;

    private static YamlNode Read(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Folder, file))));
        return stream.Documents.Single().RootNode;
    }

    [GeneratedRegex("alertname=\"(\\w+)\"")]
    private static partial Regex Name();
}
