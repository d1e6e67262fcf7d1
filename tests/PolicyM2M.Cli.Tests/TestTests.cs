using System.Text.Json;
using System.Xml.Linq;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary><c>m2m test</c>, as its users call it.</summary>
[TestFixture]
public sealed class TestTests
{
    private const string Policy = """
        policy p
        auth {
          when kind == "plc" and risk < 60  use { methods x509, psk  key-protection tee  fresh-for 1h  usable-for 3d }
          when kind == "sensor"             use { methods psk  fresh-for 1h  usable-for 3d }
        }
        forbid lost : auth "the risk is too high" when risk >= 90
        invariant "no shared keys" : auth always { methods x509 }
        invariant "nobody at risk" : auth always deny when risk >= 60
        """;

    private const string Tests = """
        now: 2026-11-23T12:00Z
        fixtures:
          plc: { kind: plc, risk: 10 }
        cases:
          - name: a PLC
            given: plc
            expect: { auth: { methods: [x509, psk], key-protection: { at-least: tee }, fresh-for: { at-most: 1h }, decided-by: p auth case 1 } }
          - name: a PLC of which nobody knows the risk
            given: { like: plc, risk: null }
            expect: { auth: deny }
        tables:
          - name: risk
            given: plc
            columns: [risk, auth]
            rows:
              - [59, allow]
              - [60, deny]
        snapshots:
          - contexts: contexts
            file: contexts.snapshot.txt
        """;

    [Test]
    public void A_set_whose_tests_pass()
    {
        using TemporaryFolder folder = Folder(Policy.Replace("methods x509, psk", "methods x509", StringComparison.Ordinal), Tests.Replace("methods: [x509, psk]", "methods: [x509]", StringComparison.Ordinal));
        FinishedProcess accepted = M2M.RunIn(folder.Path, "", "test", ".", "--accept");
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--coverage");
        Assert.That(accepted.ExitCode, Is.Zero, accepted.Output);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(folder["contexts.snapshot.txt"]), Is.EqualTo("== contexts/plc.json\ncipher-suites: deny: no policy that applies has a block for `cipher-suites`\nauth: allow\n  methods x509\n  key-protection tee\n  capabilities none\n  fresh-for 1h\n  usable-for 3d\nrotation: deny: no policy that applies has a block for `rotation`\n"));
        Snapshot.Match(M2M.Transcript(run));
    }

    [Test]
    public void A_set_whose_tests_fail_says_what_was_expected_and_which_rules_decided()
    {
        using TemporaryFolder folder = Folder(Policy, Tests.Replace("tee", "hsm", StringComparison.Ordinal).Replace("[60, deny]", "[60, allow]", StringComparison.Ordinal));
        folder.Write("contexts.snapshot.txt", "== contexts/plc.json\nauth: allow\n  methods psk\n");
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".");
        Assert.That(run.ExitCode, Is.EqualTo(4));
        Snapshot.Match(M2M.Transcript(run));
    }

    /// <summary>The risk is missing too, but nothing of the rotation hangs on it.</summary>
    [Test]
    public void A_failure_names_only_what_its_own_kind_missed()
    {
        using TemporaryFolder folder = Folder(Policy, "now: 2026-11-23T12:00Z\ncases:\n  - name: empty\n    given: {}\n    expect: { rotation: allow }\n  - name: half\n    given: { kind: plc }\n    expect: { auth: allow }\n");
        using var report = JsonDocument.Parse(M2M.RunIn(folder.Path, "", "test", ".", "--json").Output);
        Assert.That(report.RootElement.GetProperty("cases").EnumerateArray().Select(result => string.Join(" ", result.GetProperty("failures")[0].GetProperty("missing").EnumerateArray())),
            Is.EqualTo(new[] { "", "risk" }));
    }

    [Test]
    public void The_report_as_json_has_all_of_it()
    {
        using TemporaryFolder folder = Folder(Policy, Tests);
        using var report = JsonDocument.Parse(M2M.RunIn(folder.Path, "", "test", ".", "--json").Output);
        Assert.That(report.RootElement.GetProperty("passed").GetBoolean(), Is.False);
        Assert.That(report.RootElement.GetProperty("cases").GetArrayLength(), Is.EqualTo(4));
        Assert.That(report.RootElement.GetProperty("snapshots")[0].GetProperty("passed").GetBoolean(), Is.False, "nothing was accepted");
        Assert.That(report.RootElement.GetProperty("invariants")[0].GetProperty("state").GetString(), Is.EqualTo("broken"));
        Assert.That(report.RootElement.GetProperty("invariants")[1].GetProperty("state").GetString(), Is.EqualTo("not yet proven"));
        Assert.That(report.RootElement.GetProperty("coverage").GetProperty("not-reached").GetArrayLength(), Is.EqualTo(2));
    }

    [Test]
    public void The_report_for_continuous_integration_counts_what_failed()
    {
        using TemporaryFolder folder = Folder(Policy, Tests);
        M2M.RunIn(folder.Path, "", "test", ".", "--junit", "report.xml");
        XElement suite = XDocument.Load(folder["report.xml"]).Root!.Element("testsuite")!;
        Assert.That((suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value), Is.EqualTo(("7", "2")));
        Assert.That(suite.Elements("testcase").Single(item => item.Attribute("name")!.Value == "no shared keys").Element("failure")!.Value, Does.Contain("methods"));
        Assert.That(suite.Attribute("skipped")!.Value, Is.EqualTo("1"), "what is not proven has not passed");
        Assert.That(suite.Elements("testcase").Single(item => item.Attribute("name")!.Value == "nobody at risk").Element("skipped")!.Attribute("message")!.Value, Is.EqualTo("not yet proven: it held for 2 contexts"));
    }

    [Test]
    public void The_report_for_continuous_integration_can_go_to_standard_output()
    {
        using TemporaryFolder folder = Folder(Policy, Tests);
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--junit", "-");
        Assert.That(XDocument.Parse(run.Output).Root!.Name.LocalName, Is.EqualTo("testsuites"));
        Assert.That(run.Error, Does.Contain("failed: "));
        Assert.That(File.Exists(folder["-"]), Is.False);
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".", "--junit", "-", "--json").Error, Does.Contain("`-` is standard output, to which --json writes too"));
    }

    [Test]
    public void A_filter_runs_what_it_names_and_says_nothing_of_coverage()
    {
        using TemporaryFolder folder = Folder(Policy.Replace("methods x509, psk", "methods x509", StringComparison.Ordinal), Tests);
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--filter", "RISK, row");
        Assert.That(run.Output, Does.Contain("2 cases, 0 snapshots"));
        Assert.That(run.Output, Does.Not.Contain("coverage"));
        FinishedProcess none = M2M.RunIn(folder.Path, "", "test", ".", "--filter", "nothing like it");
        Assert.That((none.ExitCode, none.Error), Is.EqualTo((1, "m2m: no case and no snapshot holds `nothing like it` in its file or name\n")));
    }

    [Test]
    public void A_set_without_tests_and_one_with_faults_are_not_passed()
    {
        using TemporaryFolder folder = Folder(Policy, Tests);
        folder.Write("more.tests.yaml", "now: 2026-11-23\ncases:\n  - name: x\n    given: { kind: plx }\n    expect: { auth: allow }\n");
        FinishedProcess faulty = M2M.RunIn(folder.Path, "", "test", ".");
        Assert.That(faulty.ExitCode, Is.EqualTo(3));
        Assert.That(faulty.Output, Does.Contain("more.tests.yaml:4:20: error M2M504").And.Contain("no test was run"));
        File.Delete(folder["more.tests.yaml"]);
        File.Delete(folder["p.tests.yaml"]);
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".").Error, Is.EqualTo("m2m: `.` has no tests: they stand in files that end with .tests.yaml\n"));
    }

    [Test]
    public void What_policies_and_tests_say_steers_no_terminal_and_breaks_no_report()
    {
        const string hostile = """
            policy p
            auth {
              when kind == "plc" use { methods x509 }
              otherwise deny "no\u{1B}[31m\u{202E}"
            }
            invariant "shared\u{1B}[2Jkeys" : auth always { methods psk }
            invariant "never\u{9B}2J" : auth always deny when risk >= 90
            """;
        const string tests = """
            now: 2026-11-23
            cases:
              - name: "a\x1B[31mname\uFFFE"
                given: { kind: sensor }
                expect: { auth: { deny: "other\x1B[0m" } }
            snapshots:
              - { contexts: contexts, file: "c\x1B[31m.snapshot.txt" }
            """;
        using TemporaryFolder folder = Folder(hostile, tests);
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--junit", "report.xml"), check = M2M.RunIn(folder.Path, "", "check", ".");
        Assert.That(run.ExitCode, Is.EqualTo(4), run.Error);
        Assert.That(run.Output, Does.Contain(@"a\u{1B}[31mname").And.Contain(@"got deny ""no\u{1B}[31m\u{202E}""").And.Contain(@"shared\u{1B}[2Jkeys").And.Contain(@"never\u{9B}2J").And.Contain(@"c\u{1B}[31m.snapshot.txt"));
        Assert.That(check.Output, Does.Contain(@"shared\u{1B}[2Jkeys"));
        Assert.That(run.Output + check.Output, Does.Not.Contain("\u001B").And.Not.Contain("\u009B").And.Not.Contain("\u202E"));
        Assert.That(XDocument.Load(folder["report.xml"]).Descendants("testcase").First().Attribute("name")!.Value, Does.StartWith(@"a\u{1B}[31mname"));
    }

    [Test]
    public void A_snapshot_is_new_before_it_is_accepted_and_changed_only_afterwards()
    {
        using TemporaryFolder folder = Folder(Policy.Replace("methods x509, psk", "methods x509", StringComparison.Ordinal), Tests.Replace("methods: [x509, psk]", "methods: [x509]", StringComparison.Ordinal));
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--junit", "report.xml");
        Assert.That(run.ExitCode, Is.EqualTo(4));
        Assert.That(run.Output, Does.Contain("new snapshot, not yet accepted: contexts.snapshot.txt").And.EndWith("not yet accepted: 1 new snapshot\n").And.Not.Contain("failed").And.Not.Contain("changed"));
        Assert.That(File.ReadAllText(folder["report.xml"]), Does.Contain("new snapshot, not yet accepted"));
        using var report = JsonDocument.Parse(M2M.RunIn(folder.Path, "", "test", ".", "--json").Output);
        Assert.That(report.RootElement.GetProperty("snapshots")[0].GetProperty("new").GetBoolean(), Is.True);
    }

    [Test]
    public void An_invariant_that_held_for_no_context_was_not_checked()
    {
        using TemporaryFolder folder = Folder(Policy, Tests);
        FinishedProcess run = M2M.RunIn(folder.Path, "", "test", ".", "--filter", "row 1");
        Assert.That(run.Output, Does.Contain("not checked: \"nobody at risk\" (p.m2m:8) no context of the tests that were run is under its condition"));
    }

    [Test]
    public void A_cell_without_an_expectation_lets_a_denial_stand_beside_fields()
    {
        const string table = "now: 2026-11-23\ntables:\n  - name: t\n    given: {{ kind: plc }}\n    columns: [risk, auth, auth.fresh-for]\n    rows:\n      - [10, allow, 1h]\n      - [60, deny, {0}]\n";
        string policy = Policy.Replace("invariant", "// invariant", StringComparison.Ordinal);
        using TemporaryFolder folder = Folder(policy, table.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal).Replace("{0}", "null", StringComparison.Ordinal));
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".").Output, Does.Contain("passed: 2 cases"));
        folder.Write("p.tests.yaml", "now: 2026-11-23\ntables:\n  - name: t\n    columns: [risk, auth]\n    rows:\n      - [60, deny]\n      - [61, ~]\n");
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".").Output, Does.Contain("p.tests.yaml:7:9: error M2M508: the case `t, row 2` expects nothing"));
    }

    [Test]
    public void A_file_whose_cases_have_moments_of_their_own_needs_none()
    {
        const string own = "cases:\n  - name: a\n    now: 2026-11-23\n    given: { kind: sensor, risk: 10 }\n    expect: { auth: allow }\n";
        using TemporaryFolder folder = Folder(Policy.Replace("invariant", "// invariant", StringComparison.Ordinal), own);
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".").ExitCode, Is.Zero);
        folder.Write("p.tests.yaml", own + "  - name: b\n    given: { kind: sensor }\n    expect: { auth: deny }\n");
        Assert.That(M2M.RunIn(folder.Path, "", "test", ".").Output, Does.Contain("p.tests.yaml:1:1: error M2M404: the key `now` is missing"));
    }

    [Test]
    public void The_shipped_policies_pass_and_every_rule_is_reached()
    {
        FinishedProcess run = M2M.Run("test", Path.Combine(ProjectFolder.RepositoryRootOf(typeof(TestTests).Assembly), "policies"));
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(run.Output, Does.Match(@"coverage: (\d+) of \1 rules reached"));
    }

    private static TemporaryFolder Folder(string policy, string tests)
    {
        var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  kind: { type: enum, values: [plc, sensor], provenance: claimed, description: x }\n  risk: { type: int, provenance: registry, description: x }\n");
        folder.Write("p.m2m", policy);
        folder.Write("p.tests.yaml", tests);
        folder.Write("contexts/plc.json", """{ "kind": "plc", "risk": 10 }""");
        return folder;
    }
}
