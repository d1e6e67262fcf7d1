using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>What happens when the command cannot run: one line on standard error that says why, nothing on standard output, exit code 1.</summary>
[TestFixture]
public sealed class UsageTests
{
    [TestCase("m2m: `x` is no value for --depth: expected a whole number from 1 to 10000\n", "tree", "factory", "--depth", "x")]
    [TestCase("m2m: `0` is no value for --depth: expected a whole number from 1", "tree", "factory", "--depth", "0")]
    [TestCase("m2m: `9999999999` is no value for --depth: expected a whole number from 1", "tree", "factory", "--depth", "9999999999")]
    [TestCase("m2m: `65536` is no value for --port: expected a whole number from 1 to 65535\n", "emit", "factory", "--context", "-", "--stack", "nginx", "--port", "65536")]
    [TestCase("m2m: `-1` is no value for --from: expected a whole number from 0", "audit", "show", "factory", "--from", "-1")]
    [TestCase("m2m: `some` is no value for --limit: expected a whole number from 0", "audit", "show", "factory", "--limit", "some")]
    [TestCase("m2m: `soon` is no instant", "decide", "factory", "--context", "-", "--now", "soon")]
    [TestCase("m2m: `--depth` is given twice; keep one of the two\n", "tree", "factory", "--depth", "1", "--depth", "2")]
    [TestCase("m2m: `--dot` is given twice; keep one of the two\n", "tree", "factory", "--dot", "--dot")]
    [TestCase("m2m: `--output` is given twice; keep one of the two\n", "compile", "factory", "-o", "a", "--output", "b")]
    [TestCase("m2m: /proc/policies.m2mb cannot be written: its folder takes no new files\n", "compile", "factory", "-o", "/proc/policies.m2mb")]
    [TestCase("m2m: the name of the file of contexts is empty", "decide", "factory", "--context", "")]
    [TestCase("m2m: the name of the file of contexts is empty", "bench", "factory", "--contexts", "")]
    [TestCase("m2m: the name of the file to write is empty", "compile", "factory", "-o", "")]
    [TestCase("m2m: `--output` needs a value, and `--jsn` looks like another option", "compile", "factory", "-o", "--jsn")]
    [TestCase("m2m: `--svg` needs a value, and `--dot` looks like another option", "tree", "factory", "--svg", "--dot")]
    public void A_value_that_is_missing_or_means_nothing_is_said(string expected, params string[] arguments)
    {
        FinishedProcess run = M2M.Run(arguments);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.StartWith(expected));
    }

    [TestCase("--help")]
    [TestCase("check --help")]
    [TestCase("decide --help")]
    [TestCase("compile --help")]
    [TestCase("bench --help")]
    [TestCase("emit --help")]
    [TestCase("fmt --help")]
    [TestCase("test --help")]
    [TestCase("schema --help")]
    [TestCase("tree --help")]
    [TestCase("explain --help")]
    [TestCase("pdp --help")]
    [TestCase("pdp rollback --help")]
    [TestCase("pdp devices --help")]
    [TestCase("audit --help")]
    [TestCase("audit verify --help")]
    public void The_help_has_examples(string arguments) => Snapshot.Match(M2M.Transcript(M2M.Run(arguments.Split(' '))), arguments.Replace(" --", "-").Replace("--", ""));

    [TestCase("", "a command is missing: expected one of check, decide, explain,")]
    [TestCase("pdp", "a command is missing: expected one of status,")]
    [TestCase("check", "`DIR` is missing: the folder of the policy set, which holds policyset.yaml\n")]
    [TestCase("compile", "`DIR` is missing: the folder of the policy set, which holds policyset.yaml\nm2m: `--output` is missing: the file to write\n")]
    [TestCase("decide factory --context", "`--context` needs a value: a file with one context, a JSON object\n")]
    [TestCase("check factory twice", "`twice` is one argument too many\n")]
    [TestCase("tree factory --dot=perhaps", "`perhaps` is one argument too many\n")]
    [TestCase("decide factory --context - --kind tls", "`tls` is no value for --kind: expected one of cipher-suites, auth, rotation\n")]
    [TestCase("fmt factory --to json", "`json` is no value for --to: expected one of m2m, yaml\n")]
    [TestCase("schema nowhere", "there is no folder `nowhere`, and no bundle of that name\n")]
    [TestCase("tree nowhere.m2mb", "there is no folder `nowhere.m2mb`, and no bundle of that name\n")]
    [TestCase("audit", "a command is missing: expected one of verify, show\n")]
    [TestCase("pdp devices", "a command is missing: expected one of list, get, import, set-state, set-risk, revoke, reinstate\n")]
    [TestCase("pdp devices import fleet", "`fleet` does not say by its name how it is written; give --format csv or --format json")]
    [TestCase("pdp devices set-state plc-0042 gone", "gone")]
    [TestCase("chekc factory", "there is no command `chekc`; did you mean `check`?")]
    [TestCase("check --jsn factory", "there is no option `--jsn` of check; did you mean `--json`?")]
    [TestCase("check --jsn", "there is no option `--jsn` of check")]
    [TestCase("decide factory --nope", "there is no option `--nope` of decide\nm2m: see")]
    [TestCase("decide factory --nwo 2027-01-31", "did you mean `--now`?")]
    [TestCase("check factory --colour", "there is no option `--colour` of check")]
    [TestCase("check nowhere", "there is no folder `nowhere`")]
    [TestCase("check factory/policyset.yaml", "is a file")]
    [TestCase("decide factory", "give either --context or --contexts")]
    [TestCase("decide factory --context a --contexts b", "give either --context or --contexts")]
    [TestCase("decide factory --context factory --kind auth", "`factory` is a folder, and a file is expected")]
    [TestCase("decide factory --context nowhere.json", "there is no file `nowhere.json`")]
    [TestCase("decide factory --contexts nowhere.jsonl", "there is no file `nowhere.jsonl`")]
    [TestCase("decide factory --context -", "standard input: not JSON: it is empty")]
    [TestCase("decide nowhere --contexts -", "there is no folder `nowhere`")]
    [TestCase("fmt nowhere", "there is no folder `nowhere`")]
    [TestCase("test nowhere", "there is no folder `nowhere`")]
    [TestCase("compile factory", "--output")]
    [TestCase("bench factory", "--contexts")]
    [TestCase("decide factory/policyset.yaml --contexts -", "this is no bundle")]
    [TestCase("fmt factory/policyset.yaml", "is no policy")]
    [TestCase("fmt factory --check --to yaml", "--check goes neither")]
    [TestCase("fmt factory --json", "--json goes with --check")]
    [TestCase("tree factory --json --dot", "--json goes neither with --svg nor with --dot")]
    public void What_cannot_run_says_why(string arguments, string reason)
    {
        FinishedProcess run = M2M.Run(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Output, arguments.Contains("--json") ? Does.StartWith("{\"error\":") : Is.Empty);
        Assert.That(run.Error, Does.StartWith("m2m: ").And.Contain(reason));
    }

    [TestCase("check nowhere --json", "there is no folder `nowhere`")]
    [TestCase("decide factory --context - --json", "standard input: not JSON: it is empty")]
    [TestCase("decide factory --json --cntext -", "there is no option `--cntext` of decide; did you mean `--context`?")]
    public void Who_asked_for_JSON_finds_there_why_it_could_not_run(string arguments, string reason)
    {
        FinishedProcess run = M2M.Run(arguments.Split(' '));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        Assert.That(answer.RootElement.GetProperty("error").GetString(), Is.EqualTo(reason));
        Assert.That(run.Error, Does.Contain(reason));
    }

    [TestCase("{")]
    [TestCase("[")]
    [TestCase("{\"a\":")]
    [TestCase("{\"a\":{")]
    public void A_context_that_ends_too_early_is_said_to(string json) =>
        Assert.That(M2M.RunWith(json, "decide", "factory", "--context", "-").Error, Does.Contain("it ends too early"));

    [Test]
    public void Nothing_that_is_printed_to_a_pipe_is_coloured() =>
        Assert.That(M2M.Run("check", "broken").Output, Does.Not.Contain('\e'));
}
