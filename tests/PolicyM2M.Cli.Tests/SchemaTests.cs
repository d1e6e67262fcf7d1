using System.Text.Json.Nodes;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary><c>m2m schema</c>, as its users call it.</summary>
[TestFixture]
public sealed class SchemaTests
{
    [Test]
    public void The_schema_of_contexts_knows_each_attribute_in_both_spellings()
    {
        FinishedProcess run = M2M.Run("schema", Path.Combine(ProjectFolder.RepositoryRootOf(typeof(SchemaTests).Assembly), "policies"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        JsonNode properties = JsonNode.Parse(run.Output)!["properties"]!;
        Assert.That(properties["posture.risk"]!["maximum"]!.GetValue<int>(), Is.EqualTo(100));
        Assert.That(properties["device"]!["properties"]!["type"]!["enum"]!.AsArray().Select(value => value!.GetValue<string>()), Does.Contain("plc"));
        Assert.That(properties["device"]!["properties"]!["model"]!["properties"]!["identifier"]!["type"]!.GetValue<string>(), Is.EqualTo("string"));
    }

    [TestCase("schema broken --json")]
    [TestCase("tree broken --json")]
    [TestCase("compile broken -o no-bundle.m2mb --json")]
    public void Who_asked_for_JSON_finds_there_why_a_set_is_invalid(string arguments)
    {
        FinishedProcess run = M2M.Run(arguments.Split(' '));
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((3, M2M.Run("check", "broken", "--json").Output)));
    }

    [Test]
    public void Every_command_has_an_option_for_JSON() =>
        Assert.That(new[] { "check", "decide", "explain", "tree", "test", "fmt", "schema", "compile", "bench" }.Where(name => !M2M.Run(name, "--help").Output.Contains("--json")), Is.Empty);
}
