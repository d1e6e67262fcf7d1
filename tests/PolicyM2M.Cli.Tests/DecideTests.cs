using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class DecideTests
{
    private const string Plc = """
        { "device": { "type": "plc" }, "firmware.version": "2.5.0", "lifecycle.state": "active", "location.site": "plant-7", "posture.risk": 70 }
        """;

    private const string Retired = """{ "device.type": "plc", "firmware.version": "2.5.0", "lifecycle.state": "retired", "location.site": "plant-1", "posture.risk": 0 }""";

    [Test]
    public void What_a_context_holds_does_not_steer_the_terminal()
    {
        FinishedProcess run = M2M.RunWith("""{ "dev\u001b[31mice.type": "plc", "\u202eb": 1 }""", "decide", "factory", "--context", "-");
        Assert.That(run.Output, Does.Contain(@"dev\u{1B}[31mice.type: ").And.Contain(@"\u{202E}b: ").And.Not.Contain("\u001B").And.Not.Contain("\u202E"));
    }

    [Test]
    public void Input_without_end_is_read_until_nobody_reads_the_answers()
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", m2m = Path.Combine(AppContext.BaseDirectory, "m2m.dll");
        var run = FinishedProcess.Run("timeout", ["20", "sh", "-c", "yes '{}' | \"$0\" \"$1\" decide factory --contexts - | head -n 1", dotnet, m2m], M2M.Cases);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.StartWith("[{\"line\":1,\"kind\""));
    }

    [Test]
    public void A_context_without_end_is_not_kept_in_memory()
    {
        FinishedProcess run = M2M.Run("decide", "factory", "--context", "/dev/zero");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("/dev/zero is longer than 1048576 bytes"));
    }

    [Test]
    public void An_answer_for_people() => Snapshot.Match(M2M.Transcript(M2M.RunWith(Plc, "decide", "factory", "--context", "-")));

    [Test]
    public void An_explained_answer_names_the_rules_of_each_field() =>
        Snapshot.Match(M2M.Transcript(M2M.RunWith(Plc, "decide", "factory", "--context", "-", "--explain")));

    [Test]
    public void An_explained_answer_says_what_was_missing_and_what_could_not_be_used() =>
        Snapshot.Match(M2M.Transcript(M2M.RunWith("""{ "device.tpye": "plc", "posture.risk": 700 }""", "decide", "factory", "--context", "-", "--explain")));

    [Test]
    public void An_answer_as_json() => Snapshot.Match(M2M.Transcript(M2M.RunWith(Plc, "decide", "factory", "--context", "-", "--json")));

    [Test]
    public void An_explained_answer_as_json() =>
        Snapshot.Match(M2M.Transcript(M2M.RunWith("""{ "device.type": "sensor", "x": 1 }""", "decide", "factory", "--context", "-", "--json", "--explain", "--kind", "rotation")));

    [Test]
    public void A_denial_names_its_reason_and_exits_with_2() =>
        Snapshot.Match(M2M.Transcript(M2M.RunWith(Retired, "decide", "factory", "--context", "-", "--kind", "auth")));

    [Test]
    public void A_denial_says_in_one_line_which_attributes_were_missing()
    {
        FinishedProcess run = M2M.RunWith("{}", "decide", "factory", "--context", "-", "--kind", "auth");
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Output, Does.Contain("\nmissing, so the answer is the strictest over all they could be: ").And.Contain("lifecycle.state"));
    }

    [Test]
    public void What_was_missing_is_said_of_the_kinds_asked_for_whatever_the_answer_is()
    {
        const string context = """{ "device.type": "plc", "firmware.version": "2.5.0", "lifecycle.state": "active" }""";
        FinishedProcess text = M2M.RunWith(context, "decide", "factory", "--context", "-", "--kind", "rotation");
        Assert.That(text.ExitCode, Is.Zero, text.Output);
        using var whole = JsonDocument.Parse(M2M.RunWith(context, "decide", "factory", "--context", "-", "--json").Output);
        string Missing(int kind) => string.Join(" ", whole.RootElement[kind].GetProperty("missing").EnumerateArray());
        Assert.That(text.Output, Does.Contain("missing, so the answer is the strictest over all they could be: posture.risk\n"));
        Assert.That((Missing(0), Missing(1), Missing(2)), Is.EqualTo(("", "location.site posture.risk", "posture.risk")));
    }

    /// <summary>A device that leaves out what a rule asks for by `has` need not get the strictest; an age of what is still to come is none.</summary>
    [TestCase("decide")]
    [TestCase("explain")]
    public void What_silence_and_a_future_instant_mean_is_said(string command)
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("a.attributes.yaml", """
            attributes:
              level: { type: int, provenance: claimed, description: x }
              zone: { type: string, provenance: claimed, description: x }
              born: { type: instant, provenance: claimed, description: x }
              age:  { type: duration, age-of: born, provenance: claimed, description: x }
            """);
        folder.Write("p.m2m", "policy p\nauth {\n when not has level use { methods x509, psk }\n when level > 3 use { methods x509 }\n otherwise use { methods x509, psk }\n}\n"
            + "require old : auth { mutual required } when age > 1d\nrequire there : auth { reauthenticate 1h } when zone == \"a\"\n");
        folder.Write("device.json", """{ "born": "2027-01-01" }""");
        string[] at = ["--context", folder["device.json"], "--kind", "auth", "--now", "2026-11-26T12:00Z"];
        string output = M2M.Run([command, folder.Path, .. at]).Output;
        Assert.That(output, Does.Contain("missing, so the answer is the strictest over all they could be: zone\n")
            .And.Contain("missing, and a rule asks by `has` whether they are, so the answer may be laxer than for some value: level\n")
            .And.Contain("counted as missing, because the instant is still to come or the age beyond its range: age\n"));
        if (command == "explain")
            Assert.That(output, Does.Contain("age > 1d is open (it counts as missing, because born is 2027-01-01, which is still to come)"));
        using var json = JsonDocument.Parse(M2M.Run([command, folder.Path, .. at, "--json"]).Output);
        JsonElement decision = command == "decide" ? json.RootElement[0] : json.RootElement.GetProperty("decisions")[0];
        string Names(string key) => string.Join(" ", decision.GetProperty(key).EnumerateArray());
        Assert.That(Names("missing"), Does.Contain("zone"));
        Assert.That((Names("silent"), Names("unknown-ages")), Is.EqualTo(("level", "age")));
    }

    [TestCase("fresh-for 1h", "never longer than usable-for, which no rule states")]
    [TestCase("fresh-for 2h  usable-for 1h", "by p auth otherwise")]
    public void Why_a_decision_is_fresh_for_less_than_stated_is_said(string windows, string because)
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("a.attributes.yaml", "attributes: {}\n");
        folder.Write("p.m2m", $"policy p\nauth {{ otherwise use {{ methods x509  {windows} }} }}\n");
        string output = M2M.RunWith("{}", "decide", folder.Path, "--context", "-", "--kind", "auth", "--explain").Output;
        string[] lines = output.Split('\n');
        int at = Array.FindIndex(lines, line => line.StartsWith("  fresh-for", StringComparison.Ordinal));
        Assert.That(lines[at + 1].Trim(), Does.StartWith(because), output);
    }

    [Test]
    public void Each_answer_of_many_names_its_line()
    {
        FinishedProcess run = M2M.RunWith($"\n{Plc.TrimEnd()}\n\n{Retired}", "decide", "factory", "--contexts", "-", "--kind", "auth", "--kind", "rotation");
        int[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(line => JsonDocument.Parse(line).RootElement.EnumerateArray().Select(answer => answer.GetProperty("line").GetInt32()).ToList())];
        Assert.That(lines, Is.EqualTo([2, 2, 4, 4]));
    }

    [Test]
    public void A_kind_that_was_not_asked_for_denies_nothing() =>
        Assert.That(M2M.RunWith(Retired, "decide", "factory", "--context", "-", "--kind", "cipher-suites", "--kind", "rotation").ExitCode, Is.Zero);

    [Test]
    public void A_context_is_read_from_a_file_too()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("plc.json", Plc);
        Assert.That(M2M.Run("decide", "factory", "--context", file).Output,
            Is.EqualTo(M2M.RunWith(Plc, "decide", "factory", "--context", "-").Output).And.Contain("plant-7"));
    }

    [Test]
    public void Many_contexts_get_a_line_each_and_a_bad_line_stops_nothing()
    {
        string lines = string.Join('\n', Plc.TrimEnd(), "{ \"device.type\"", "", "[]", "\uFEFF{ \"posture.risk\": 10 }", Retired);
        Snapshot.Match(M2M.Transcript(M2M.RunWith(lines, "decide", "factory", "--contexts", "-", "--kind", "auth")));
    }

    [Test]
    public void The_answer_to_a_line_is_the_answer_to_its_context_alone()
    {
        FinishedProcess many = M2M.RunWith($"{Retired}\n{Plc}", "decide", "factory", "--contexts", "-");
        FinishedProcess alone = M2M.RunWith(Plc, "decide", "factory", "--context", "-", "--json");

        Assert.That(many.ExitCode, Is.EqualTo(2));
        Assert.That(many.Output, Does.EndWith("\n"));
        string[] answers = many.Output.TrimEnd('\n').Split('\n');
        Assert.That(answers, Has.Length.EqualTo(2));
        using JsonDocument line = JsonDocument.Parse(answers[1].Replace("\"line\":2,\"kind\"", "\"kind\"", StringComparison.Ordinal)), whole = JsonDocument.Parse(alone.Output);
        Assert.That(JsonElement.DeepEquals(line.RootElement, whole.RootElement), Is.True);
    }

    [TestCase("")]
    [TestCase("\n \t\r\n")]
    public void To_decide_for_no_context_is_no_success(string lines)
    {
        FinishedProcess run = M2M.RunWith(lines, "decide", "factory", "--contexts", "-");
        Assert.That(run, Is.EqualTo(new FinishedProcess(1, "", "m2m: standard input holds no context; expected one JSON object on each line\n")));
    }

    [Test]
    public void Many_allowed_contexts_exit_with_0() =>
        Assert.That(M2M.RunWith($"{Plc}\n", "decide", "factory", "--contexts", "-").ExitCode, Is.Zero);

    [Test]
    public void An_invalid_set_decides_nothing()
    {
        FinishedProcess run = M2M.RunWith(Plc, "decide", "broken", "--context", "-", "--json");
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Is.EqualTo(M2M.Run("check", "broken", "--json").Output));
        run = M2M.RunWith(Plc, "decide", "broken", "--context", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((3, "")));
        Assert.That(run.Error, Does.Contain("baseline.m2m:4:7: error M2M201").And.Contain("`broken` is no valid policy set"));
    }
}
