using System.Text;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>What happens when the command cannot run: one line on standard error that says why, nothing on standard output, exit code 1.</summary>
[TestFixture]
public sealed class UsageTests
{
    [TestCase("--help")]
    [TestCase("check --help")]
    [TestCase("decide --help")]
    [TestCase("compile --help")]
    [TestCase("bench --help")]
    [TestCase("fmt --help")]
    public void The_help_has_examples(string arguments) => Snapshot.Match(M2M.Transcript(M2M.Run(arguments.Split(' '))), arguments.Replace(" --", "-").Replace("--", ""));

    [TestCase("", "m2m --help")]
    [TestCase("chekc factory", "chekc")]
    [TestCase("check", "DIR")]
    [TestCase("check factory --colour", "--colour")]
    [TestCase("check nowhere", "there is no folder nowhere")]
    [TestCase("check factory/policyset.yaml", "is a file")]
    [TestCase("decide factory", "Give either --context or --contexts")]
    [TestCase("decide factory --context a --contexts b", "Give either --context or --contexts")]
    [TestCase("decide factory --context factory --kind auth", "cannot be read")]
    [TestCase("decide factory --context nowhere.json", "nowhere.json")]
    [TestCase("decide factory --contexts nowhere.jsonl", "nowhere.jsonl")]
    [TestCase("decide factory --context - --kind tls", "tls")]
    [TestCase("decide factory --context -", "standard input: not JSON")]
    [TestCase("compile factory", "--output")]
    [TestCase("bench factory", "--contexts")]
    [TestCase("decide factory/policyset.yaml --contexts -", "factory/policyset.yaml: this is no bundle")]
    [TestCase("decide nowhere --contexts -", "there is no folder nowhere")]
    [TestCase("fmt nowhere", "there is no folder nowhere")]
    [TestCase("fmt factory/policyset.yaml", "is no policy")]
    [TestCase("fmt factory --check --to yaml", "--check goes neither")]
    [TestCase("fmt factory --json", "--json goes with --check")]
    [TestCase("fmt factory --to json", "json")]
    public void What_cannot_run_says_why(string arguments, string reason)
    {
        FinishedProcess run = M2M.Run(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Output, Is.Empty);
        Assert.That(run.Error, Does.StartWith("m2m: ").And.Contain(reason));
    }

    [Test]
    public void A_file_that_is_not_UTF8_is_named()
    {
        using var set = new TemporaryFolder();
        set.Write("policyset.yaml", [.. Encoding.UTF8.GetBytes("name: "), 0xE9, (byte)'\n']);
        FinishedProcess run = M2M.Run("check", set.Path);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Is.EqualTo("m2m: policyset.yaml is not UTF-8: byte 7\n"));
    }

    [Test]
    public void Nothing_that_is_printed_to_a_pipe_is_coloured() =>
        Assert.That(M2M.Run("check", "broken").Output, Does.Not.Contain('\e'));
}
