using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class CheckTests
{
    [Test]
    public void A_valid_set_is_said_to_be_valid() => Snapshot.Match(M2M.Transcript(M2M.Run("check", "factory")));

    [Test]
    public void Every_fault_is_shown_with_its_line_and_what_to_do() => Snapshot.Match(M2M.Transcript(M2M.Run("check", "broken")));

    [Test]
    public void The_faults_as_json() => Snapshot.Match(M2M.Transcript(M2M.Run("check", "broken", "--json")));

    [Test]
    public void A_warning_does_not_make_it_fail()
    {
        using var set = new TemporaryFolder();
        foreach (string file in new[] { "policyset.yaml", "device.attributes.yaml", "baseline.m2m", "sites/plant-7.m2m" })
            set.Write(file, File.ReadAllText(Path.Combine(M2M.Cases, "factory", file)));
        set.Write("aside.m2m", "policy aside\n");

        FinishedProcess run = M2M.Run("check", set.Path);

        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("warning M2M406").And.Contain("1 warning in 1 file"));
    }

    [Test]
    public void A_folder_with_the_name_of_the_manifest_is_said_to_be_one()
    {
        using var set = new TemporaryFolder();
        set.Write("policyset.yaml/p.m2m", "policy p\n");
        FinishedProcess run = M2M.Run("check", set.Path);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Does.Contain("error M2M405").And.Contain("it is a folder; the manifest is a file").And.Not.Contain("M2M401"));
    }

    [Test]
    public void The_same_sources_give_the_same_bundle_in_every_process()
    {
        string[] hashes = [BundleOf(M2M.Run("check", "factory", "--json")), BundleOf(M2M.Run("check", Path.Combine(M2M.Cases, "factory"), "--json"))];
        Assert.That(hashes[0], Has.Length.EqualTo(64).And.EqualTo(hashes[1]));
    }

    [Test]
    public void Faults_of_the_tests_are_faults_of_the_set_and_no_test_is_run()
    {
        using var set = new TemporaryFolder();
        foreach (string file in new[] { "policyset.yaml", "device.attributes.yaml", "baseline.m2m", "sites/plant-7.m2m" })
            set.Write(file, File.ReadAllText(Path.Combine(M2M.Cases, "factory", file)));
        set.Write("a.tests.yaml", "now: 2026-11-23\ncases:\n  - name: it fails\n    expect: { auth: allow, rotation: allow, cipher-suites: allow }\n");
        Assert.That(M2M.Run("check", set.Path).ExitCode, Is.Zero);

        set.Write("b.tests.yaml", "now: 2026-11-23\ncases:\n  - name: it is none\n    given: { device.tpye: plc }\n    expect: { auth: allow }\n");
        FinishedProcess run = M2M.Run("check", set.Path);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Does.Contain("b.tests.yaml:4:14: error M2M503").And.Contain("did you mean `device.type`?").And.Contain("invalid: 1 error in 1 file"));
    }

    [Test]
    public void Faults_of_the_policies_hide_no_faults_of_the_tests()
    {
        using var set = new TemporaryFolder();
        set.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m, q.m2m]\n");
        set.Write("s.attributes.yaml", "attributes:\n  risk: { type: int, provenance: claimed, description: x }\n");
        set.Write("p.m2m", "policy p\nauth {\n  when risk > deny \"no\"\n  otherwise use { methods x590 }\n}\n");
        set.Write("q.m2m", "policy q\nforbid f : auth \"no\" when rsik > 5\n");
        set.Write("a.tests.yaml", "now: 2026-11-23\ncases:\n  - name: a\n    given: { rsk: 5 }\n    expect: { auth: { decided-by: p auth case 1 } }\n");
        string output = M2M.Run("check", set.Path).Output;
        foreach (string fault in new[] { "p.m2m:3:15: error M2M101", "p.m2m:4:27: error M2M204", "q.m2m:2:27: error M2M201", "a.tests.yaml:4:14: error M2M503", "invalid: 4 errors in 3 files" })
            Assert.That(output, Does.Contain(fault));
    }

    [Test]
    public void A_schema_that_cannot_be_read_brings_no_faults_of_all_that_use_it()
    {
        using var set = new TemporaryFolder();
        set.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n");
        set.Write("s.attributes.yaml", "attributes: {\n");
        set.Write("p.m2m", "policy p\nforbid f : auth \"no\" when risk > 5\nforbid g : auth no\n");
        string output = M2M.Run("check", set.Path).Output;
        Assert.That(output, Does.Contain("s.attributes.yaml:2:1: error M2M402").And.Contain("p.m2m:3:17: error M2M101").And.Contain("invalid: 2 errors in 2 files"));
    }

    [Test]
    public void An_empty_folder_is_an_invalid_set()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess run = M2M.Run("check", folder.Path);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Does.Contain("M2M401"));
    }

    private static string BundleOf(FinishedProcess run)
    {
        using JsonDocument report = JsonDocument.Parse(run.Output);
        return report.RootElement.GetProperty("bundle").GetString()!;
    }
}
