using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary><c>m2m explain</c>, as its users call it.</summary>
[TestFixture]
public sealed class ExplainTests
{
    private static readonly string Policies = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(ExplainTests).Assembly), "policies");

    [TestCase("gateway-high-risk", "auth")]
    [TestCase("meter-quarantined", "rotation")]
    [TestCase("sensor-unknown-everything", "cipher-suites")]
    public void An_explanation_for_people(string example, string kind) => Snapshot.Match(M2M.Transcript(Explain(example, "--kind", kind)), $"{example}-{kind}");

    [Test]
    public void The_json_has_what_the_text_has()
    {
        using var json = JsonDocument.Parse(Explain("gateway-high-risk", "--json").Output);
        JsonElement auth = json.RootElement.GetProperty("decisions").EnumerateArray().Single(decision => decision.GetProperty("kind").GetString() == "auth");
        Assert.That(auth.GetProperty("policies").GetArrayLength(), Is.EqualTo(3));
        Assert.That(auth.GetProperty("policies")[0].GetProperty("rules")[0].GetProperty("because")[0].GetProperty("test").GetString(), Is.EqualTo("lifecycle.state == \"manufactured\""));
        Assert.That(auth.GetProperty("region").GetArrayLength(), Is.GreaterThan(3));
        Assert.That(auth.GetProperty("counterfactual").GetProperty("changes").GetArrayLength(), Is.GreaterThan(0));
        Assert.That(JsonDocument.Parse(Explain("gateway-high-risk", "--json", "--no-counterfactual").Output).RootElement.GetProperty("decisions")[0].TryGetProperty("counterfactual", out _), Is.False);
    }

    [Test]
    public void A_waived_demand_is_named_with_its_waiver()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\nlongest-waiver: 90d\n");
        folder.Write("s.attributes.yaml", "attributes:\n  id: { type: string, provenance: claimed, description: x }\n");
        folder.Write("p.m2m", "policy p\nauth { otherwise use { methods x509 } }\nforbid all : auth \"closed\"\nwaive p.all when id == \"a\" until 2027-01-31 because \"ticket\" approved-by \"secops\"\n");
        FinishedProcess run = M2M.RunIn(folder.Path, """{"id":"a"}""", "explain", ".", "--context", "-", "--kind", "auth", "--now", "2027-01-01");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("waived forbid all").And.Contain("until 2027-01-31 because \"ticket\", approved by \"secops\""));
        Assert.That(run.Output, Does.Contain("until 2027-01-31\n"), "the decision ends with the waiver");
        Assert.That(run.Output, Does.Contain("it would be decided otherwise at 2027-01-31, were nothing to change but the time:\n      deny \"closed\""));
        FinishedProcess other = M2M.RunIn(folder.Path, """{"id":"b"}""", "explain", ".", "--context", "-", "--kind", "auth", "--now", "2027-01-01");
        Assert.That(other.ExitCode, Is.EqualTo(2));
        Assert.That(other.Output, Does.Contain("id \"a\" instead of \"b\""));
    }

    /// <summary>Whatever stands beside a `no` is a test that fails, and beside a `yes` one that holds: what stands under a `not` is told by its contrary.</summary>
    [Test]
    public void What_stands_under_a_not_is_told_by_its_contrary()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  addr: { type: address, provenance: claimed, description: x }\n  kind: { type: enum, values: [a, b], provenance: claimed, description: x }\n");
        folder.Write("p.m2m", "policy p\nauth { otherwise use { methods x509 } }\nforbid f : auth \"x\" when not (addr within 10.0.0.0/8)\nforbid g : auth \"y\" when not (kind == \"a\" or not has addr)\n");
        string output = M2M.RunIn(folder.Path, """{"addr":"10.1.1.1","kind":"a"}""", "explain", ".", "--context", "-", "--kind", "auth", "--no-counterfactual").Output;
        Assert.That(output, Does.Contain("no    forbid f (p.m2m:3): not (addr within 10.0.0.0/8) fails (it is 10.1.1.1)\n").And.Contain("no    forbid g (p.m2m:4): kind != \"a\" fails (it is \"a\")\n"));
        string other = M2M.RunIn(folder.Path, """{"addr":"11.1.1.1","kind":"b"}""", "explain", ".", "--context", "-", "--kind", "auth", "--no-counterfactual").Output;
        Assert.That(other, Does.Contain("yes   forbid f (p.m2m:3): not (addr within 10.0.0.0/8)\n").And.Contain("yes   forbid g (p.m2m:4): kind != \"a\"; has addr\n"));
    }

    [Test]
    public void Ranges_that_run_past_midnight_or_Sunday_are_told_as_they_were_written()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  id: { type: string, provenance: claimed, description: x }\n");
        string[] tests = ["time.of-day in 22:00..06:00", "time.weekday in fri..mon", "time.weekday in [tue, thu]", "time.weekday != wed", "time.of-day >= 08:00", "time.now >= 2026-12-01", "time.now < 2026-11-01T06:00Z"];
        folder.Write("p.m2m", $"policy p\nauth {{\n{string.Concat(tests.Select(test => $"  when {test} deny \"no\"\n"))}  otherwise use {{ methods x509 }}\n}}\n");
        string output = M2M.RunIn(folder.Path, "{}", "explain", ".", "--context", "-", "--kind", "auth", "--now", "2026-11-25T07:00Z", "--no-counterfactual").Output;
        foreach (string test in tests)
            Assert.That(output, Does.Contain($": {test} fails (it is "));
    }

    [Test]
    public void A_field_that_no_rule_states_is_said_to_be_one() =>
        Assert.That(M2M.RunIn(ProjectFolder.RepositoryRootOf(typeof(ExplainTests).Assembly), "", "explain", "docs/first", "--context", "docs/first/plc.json", "--kind", "cipher-suites").Output,
            Does.Contain("  early-data        forbidden\n                    stated by no rule, so the strictest holds\n"));

    [Test]
    public void The_age_of_an_instant_that_would_have_to_be_another_is_said()
    {
        string output = Explain("sensor-old-key", "--kind", "auth").Output;
        Assert.That(output, Does.Match(@"credential\.issued-at 2026-05-07T12:00Z \(credential\.age 200d\) instead of 2026-05-02T12:00Z"));
    }

    [Test]
    public void A_bundle_explains_all_but_why_each_rule_applies()
    {
        using var folder = new TemporaryFolder();
        M2M.Run("compile", Policies, "-o", folder["p.m2mb"]);
        string context = Path.Combine(Policies, "examples", "meter-quarantined.json");
        string[] how = ["--context", context, "--kind", "cipher-suites", "--now", "2026-11-23T12:00Z"];
        FinishedProcess text = M2M.Run(["explain", folder["p.m2mb"], .. how]);
        Assert.That(text.ExitCode, Is.EqualTo(2));
        Assert.That(text.Output, Does.Contain("by baseline forbid quarantined-channel").And.Contain("lifecycle.state \"onboarding\" instead of \"quarantined\"")
            .And.Contain("why each rule applies or not is not in a bundle"));

        using var ofBundle = JsonDocument.Parse(M2M.Run(["explain", folder["p.m2mb"], "--json", .. how]).Output);
        using var ofSources = JsonDocument.Parse(M2M.Run(["explain", Policies, "--json", .. how]).Output);
        Assert.That(ofBundle.RootElement.GetProperty("explained-from").GetString(), Is.EqualTo("bundle"));
        Assert.That(ofSources.RootElement.GetProperty("explained-from").GetString(), Is.EqualTo("sources"));
        (JsonElement bare, JsonElement full) = (ofBundle.RootElement.GetProperty("decisions")[0], ofSources.RootElement.GetProperty("decisions")[0]);
        Assert.That(bare.GetProperty("policies").GetArrayLength(), Is.Zero);
        foreach (string name in new[] { "deny", "rules", "missing", "region", "holds-until" })
            Assert.That(bare.GetProperty(name).GetRawText(), Is.EqualTo(full.GetProperty(name).GetRawText()), name);
        Assert.That(bare.GetProperty("counterfactual").GetProperty("changes").GetRawText(), Is.EqualTo(full.GetProperty("counterfactual").GetProperty("changes").GetRawText()));
    }

    [Test]
    public void A_file_that_is_no_bundle_explains_nothing()
    {
        using var folder = new TemporaryFolder();
        folder.Write("p.m2mb", "no bundle");
        FinishedProcess run = M2M.RunWith("{}", "explain", folder["p.m2mb"], "--context", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("p.m2mb: this is no bundle"));
    }

    [Test]
    public void What_would_change_with_the_time_or_without_a_value_is_told()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  id: { type: string, provenance: claimed, description: x }\n");
        folder.Write("p.m2m", "policy p\nauth {\n  when has id and not time.weekday == sun deny \"named\"\n  when time.of-day in 22:00..06:00 and not has id deny \"at night\"\n  otherwise use { methods x509 }\n}\n");
        string[] question = ["explain", ".", "--context", "-", "--kind", "auth", "--now", "2026-11-25T12:00Z"];
        string text = M2M.RunIn(folder.Path, """{"id":"a"}""", question).Output;
        Assert.That(text, Does.Contain("id taken away\n").And.Contain("it would be allowed at 2026-11-29, were nothing to change but the time"));
        using var json = JsonDocument.Parse(M2M.RunIn(folder.Path, """{"id":"a"}""", [.. question, "--json"]).Output);
        JsonElement counterfactual = json.RootElement.GetProperty("decisions")[0].GetProperty("counterfactual");
        Assert.That(counterfactual.GetProperty("changes")[0].GetProperty("values")[0].GetProperty("after").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(counterfactual.GetProperty("later").GetProperty("at").GetString(), Is.EqualTo("2026-11-29"));
        Assert.That(M2M.RunIn(folder.Path, """{"id":"a"}""", [.. question[..5], "rotation", .. question[6..]]).Output, Does.Not.Contain("the time"), "no clock is asked there");
    }

    [Test]
    public void A_set_with_errors_explains_nothing()
    {
        FinishedProcess run = M2M.RunWith("{}", "explain", "broken", "--context", "-");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((3, "")));
        Assert.That(run.Error, Does.Contain("is no valid policy set"));
    }

    private static FinishedProcess Explain(string example, params string[] more) =>
        M2M.Run(["explain", Policies, "--context", Path.Combine(Policies, "examples", example + ".json"), "--now", "2026-11-23T12:00Z", .. more]);
}
