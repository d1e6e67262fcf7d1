using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class BenchTests
{
    private const string Contexts = """
        { "device.type": "plc", "firmware.version": "2.5.0", "lifecycle.state": "active", "location.site": "plant-7", "posture.risk": 70 }
        { "device.type": "sensor", "unheard.of": 1 }

        """;

    [Test]
    public void The_figures_for_people()
    {
        FinishedProcess run = M2M.RunWith(Contexts, "bench", "factory", "--contexts", "-");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")), "nothing drives a terminal that is none");
        Assert.That(run.Output.Split('\n').Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "policies", "asked", "decision", "allocated", "trees", "bundle", "registry", "compile", "load", "" }));
        Assert.That(run.Output, Does.Match(@"(?m)^asked +2 contexts: cipher-suites, auth, rotation$").And.Match(@"(?m)^decision +[\d.,]+ ns from plain values, [\d.,]+ ns for a device asked again"));
    }

    [Test]
    public void The_figures_as_json()
    {
        FinishedProcess run = M2M.RunWith(Contexts, "bench", "factory", "--contexts", "-", "--json", "--kind", "auth");
        using JsonDocument report = JsonDocument.Parse(run.Output);
        JsonElement root = report.RootElement;
        Assert.That(root.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetString()), Is.EqualTo(new[] { "auth" }));
        foreach (string figure in new[] { "rules", "contexts", "nodes", "depth", "bundleBytes", "compileMilliseconds", "loadMilliseconds", "batches" })
            Assert.That(root.GetProperty(figure).GetDouble(), Is.Positive, figure);
        Assert.That(root.GetProperty("registry").GetProperty("suites").GetProperty("TLS_AES_256_GCM_SHA384").GetInt32(), Is.EqualTo(0x1302));
        foreach (string way in new[] { "fromValues", "prepared" })
        {
            Assert.That(root.GetProperty("nanosecondsPerDecision").GetProperty(way).GetDouble(), Is.Positive.And.LessThan(1e7), way);
            Assert.That(root.GetProperty("allocatedBytesPerDecision").GetProperty(way).GetDouble(), Is.Zero, way);
        }
    }

    [Test]
    public void A_bundle_is_not_compiled()
    {
        using var folder = new TemporaryFolder();
        M2M.Run("compile", "factory", "-o", folder["factory.m2mb"]);
        FinishedProcess run = M2M.RunWith(Contexts, "bench", folder["factory.m2mb"], "--contexts", "-", "--json");
        using JsonDocument report = JsonDocument.Parse(run.Output);
        Assert.That(report.RootElement.GetProperty("compileMilliseconds").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(report.RootElement.GetProperty("bundleBytes").GetInt64(), Is.EqualTo(new FileInfo(folder["factory.m2mb"]).Length));
    }

    [TestCase("", "holds no context")]
    [TestCase("\n \t\r\n", "holds no context")]
    [TestCase("{}\n\n[]\n", "line 3: a context is a JSON object")]
    public void Lines_that_are_no_contexts_are_not_measured(string lines, string reason)
    {
        FinishedProcess run = M2M.RunWith(lines, "bench", "factory", "--contexts", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(reason));
    }

    [Test]
    public void An_invalid_set_is_not_measured() => Assert.That(M2M.RunWith(Contexts, "bench", "broken", "--contexts", "-").ExitCode, Is.EqualTo(3));
}
