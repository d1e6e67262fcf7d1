using System.Text.Json;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class FmtTests
{
    private const string Untidy = "policy  p   for site==\"x\"\ndefine  a=flag // why\n\n\n// before\ncipher-suites{ when a deny \"no\"\n otherwise use {versions 1.3 suites A,B} }";

    private const string Tidy = """
        policy p for site == "x"

        define a = flag  // why

        // before
        cipher-suites {
          when a     deny "no"
          otherwise  use { versions 1.3  suites A, B }
        }

        """;

    private const string Yaml = """
        policy: p
        for: site == "x"

        define:
          a: flag  # why

        # before
        cipher-suites:
          - when: a
            deny: "no"
          - otherwise:
              use:
                versions: [1.3]
                suites: [A, B]

        """;

    [Test]
    public void A_folder_is_formatted_in_place_and_then_there_is_nothing_to_do()
    {
        using var folder = new TemporaryFolder();
        folder.Write("p.m2m", Untidy);
        folder.Write("below/p.m2m.yaml", Yaml.Replace("\"no\"", "no", StringComparison.Ordinal));
        folder.Write("notes.txt", "left alone");

        FinishedProcess first = M2M.RunIn(folder.Path, "", "fmt", ".");
        FinishedProcess second = M2M.RunIn(folder.Path, "", "fmt", ".");

        Assert.That(first.ExitCode, Is.Zero);
        Assert.That(first.Output, Is.EqualTo("formatted: below/p.m2m.yaml\nformatted: p.m2m\n2 policies: 2 written\n"));
        Assert.That(second.Output, Is.EqualTo("2 policies: nothing to do\n"));
        Assert.That(File.ReadAllText(folder["p.m2m"]), Is.EqualTo(Tidy));
        Assert.That(File.ReadAllText(folder["below/p.m2m.yaml"]), Is.EqualTo(Yaml));
        Assert.That(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories), Has.Length.EqualTo(3), "nothing is left behind");
    }

    [Test]
    public void A_check_changes_nothing_and_lists_what_differs()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tidy.m2m", Tidy);
        folder.Write("untidy.m2m", Untidy);

        FinishedProcess text = M2M.RunIn(folder.Path, "", "fmt", "untidy.m2m", "tidy.m2m", "--check");
        FinishedProcess json = M2M.RunIn(folder.Path, "", "fmt", ".", "--check", "--json");

        Assert.That(text.ExitCode, Is.EqualTo(4));
        Assert.That(text.Output, Is.EqualTo("not formatted: untidy.m2m\n2 policies: 1 not formatted\n"));
        Assert.That(json.ExitCode, Is.EqualTo(4));
        using JsonDocument report = JsonDocument.Parse(json.Output);
        Assert.That(report.RootElement.GetProperty("formatted").GetBoolean(), Is.False);
        Assert.That(report.RootElement.GetProperty("files").EnumerateArray().Select(file => (file.GetProperty("file").GetString(), file.GetProperty("formatted").GetBoolean())),
            Is.EqualTo(new[] { ("tidy.m2m", true), ("untidy.m2m", false) }));
        Assert.That(File.ReadAllText(folder["untidy.m2m"]), Is.EqualTo(Untidy));
    }

    [Test]
    public void A_policy_with_a_syntax_error_is_left_as_it_is_and_the_others_are_formatted()
    {
        using var folder = new TemporaryFolder();
        folder.Write("broken.m2m", "policy  broken\ndefine = 1\n");
        folder.Write("broken.m2m.yaml", "policy: broken\ndefine:\n  a: 'x == \"' \n");
        folder.Write("p.m2m", Untidy);

        FinishedProcess run = M2M.RunIn(folder.Path, "", "fmt", ".");

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Does.Contain("broken.m2m:2:8: error M2M101").And.Contain("broken.m2m.yaml:3:12: error M2M103").And.Contain("1 written, 2 with errors"));
        Assert.That(File.ReadAllText(folder["broken.m2m"]), Is.EqualTo("policy  broken\ndefine = 1\n"));
        Assert.That(File.ReadAllText(folder["p.m2m"]), Is.EqualTo(Tidy));
    }

    [Test]
    public void A_conversion_writes_the_other_spelling_beside_the_policy()
    {
        using var folder = new TemporaryFolder();
        folder.Write("p.m2m", Untidy);

        FinishedProcess there = M2M.RunIn(folder.Path, "", "fmt", "p.m2m", "--to", "yaml");
        File.Delete(folder["p.m2m"]);
        FinishedProcess back = M2M.RunIn(folder.Path, "", "fmt", "p.m2m.yaml", "--to", "m2m");

        Assert.That((there.ExitCode, there.Output), Is.EqualTo((0, "written: p.m2m.yaml\n1 policy: 1 written\n")));
        Assert.That((back.ExitCode, back.Output), Is.EqualTo((0, "written: p.m2m\n1 policy: 1 written\n")));
        Assert.That(File.ReadAllText(folder["p.m2m.yaml"]), Is.EqualTo(Yaml));
        Assert.That(File.ReadAllText(folder["p.m2m"]), Is.EqualTo(Tidy));
    }

    [Test]
    public void A_conversion_says_where_the_manifest_names_the_old_file()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [sites/p.m2m, sites/other-p.m2m]  # not sites/p.m2m\n# sites/p.m2m\nprotected:\n  - { paths: [sites/p.m2m], signers: 2 }\n");
        folder.Write("sites/p.m2m", Untidy);
        Assert.That(M2M.RunIn(folder.Path, "", "fmt", "sites/p.m2m", "--to", "yaml").Output, Is.EqualTo(
            "written: sites/p.m2m.yaml\n  policyset.yaml:3 names p.m2m: name p.m2m.yaml there, and remove the other\n  policyset.yaml:6 names p.m2m: name p.m2m.yaml there, and remove the other\n1 policy: 1 written\n"));
    }

    [Test]
    public void A_conversion_never_writes_over_a_policy_that_says_something_else()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.m2m", "policy a\n");
        folder.Write("p.m2m", Tidy);
        folder.Write("p.m2m.yaml", "policy: other\n");

        FinishedProcess run = M2M.RunIn(folder.Path, "", "fmt", ".", "--to", "yaml");

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("p.m2m.yaml exists already"));
        Assert.That(File.ReadAllText(folder["p.m2m.yaml"]), Is.EqualTo("policy: other\n"));
        Assert.That(File.Exists(folder["a.m2m.yaml"]), Is.False, "either all or nothing");
    }

    [Test]
    public void Standard_output_gets_the_policy_and_no_file_changes()
    {
        using var folder = new TemporaryFolder();
        folder.Write("p.m2m", Untidy);
        Assert.That(M2M.RunIn(folder.Path, "", "fmt", "p.m2m", "--to", "yaml", "--stdout").Output, Is.EqualTo(Yaml));
        Assert.That(M2M.RunIn(folder.Path, "", "fmt", "p.m2m", "--stdout").Output, Is.EqualTo(Tidy));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
        Assert.That(File.ReadAllText(folder["p.m2m"]), Is.EqualTo(Untidy));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no modes")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void The_mode_of_a_file_stays()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("p.m2m", Untidy);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        M2M.RunIn(folder.Path, "", "fmt", "p.m2m");
        Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
    }

    [Test]
    public void A_set_in_YAML_is_checked_like_any_other()
    {
        using var folder = new TemporaryFolder();
        folder.Write("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m.yaml]\n");
        folder.Write("s.attributes.yaml", "attributes:\n  site: { type: string, provenance: registry, description: where }\n  flag: { type: bool, provenance: claimed, description: a flag }\n");
        folder.Write("p.m2m.yaml", Yaml.Replace("A, B", "TLS_AES_128_GCM_SHA256", StringComparison.Ordinal).Replace("a: flag", "a: \"flag \\u0061nd flg\"", StringComparison.Ordinal));
        FinishedProcess run = M2M.Run("check", folder.Path);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Output, Does.Contain("p.m2m.yaml:5:21: error M2M202").And.Contain("did you mean `flag`?"));
    }

    [TestCase("nosuch.m2m", "m2m: there is no file `nosuch.m2m`\n")]
    [TestCase("nosuch.m2m.yaml", "m2m: there is no file `nosuch.m2m.yaml`\n")]
    [TestCase("nosuch", "m2m: there is no folder `nosuch`, and no file of that name\n")]
    [TestCase("empty", "m2m: `empty` holds no policy: their names end in .m2m or .m2m.yaml\n")]
    public void Where_there_is_no_policy_nothing_was_formatted(string path, string error)
    {
        using var folder = new TemporaryFolder();
        folder.Write("empty/README.md", "no policy");
        Assert.That(M2M.RunIn(folder.Path, "", "fmt", path), Is.EqualTo(new FinishedProcess(1, "", error)));
        Assert.That(M2M.RunIn(folder.Path, "", "fmt", path, "--check").ExitCode, Is.EqualTo(1));
    }

    [Test]
    public void The_policies_that_are_shipped_are_formatted() =>
        Assert.That(M2M.Run("fmt", Path.Combine(ProjectFolder.RepositoryRootOf(typeof(FmtTests).Assembly), "policies"), "--check").ExitCode, Is.Zero);
}
