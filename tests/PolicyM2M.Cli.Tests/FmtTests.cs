using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary><c>m2m fmt</c> on real files.</summary>
internal sealed class FmtTests
{
    private const string Untidy = "policy  p  // why\nauth{ otherwise use{methods x509} }\n";
    private const string Tidy = "policy p  // why\n\nauth {\n  otherwise  use { methods x509 }\n}\n";

    [Test]
    public void A_policy_is_written_in_place_and_then_is_as_everybody_writes_it()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("p.m2m", Untidy);
        Assert.That(M2M.Run("fmt", folder.Path, "--check"), Has.Property(nameof(FinishedProcess.ExitCode)).EqualTo(4));
        Assert.That(File.ReadAllText(file), Is.EqualTo(Untidy), "a check changes nothing");
        Assert.That(M2M.Run("fmt", folder.Path).ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(file), Is.EqualTo(Tidy));
        Assert.That(M2M.Run("fmt", folder.Path, "--check").ExitCode, Is.Zero);
    }

    [Test]
    public void A_conversion_there_and_back_gives_the_same_file()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("p.m2m", Tidy), yaml = file + ".yaml";
        Assert.That(M2M.Run("fmt", file, "--to", "yaml").ExitCode, Is.Zero);
        File.Delete(file);
        Assert.That(M2M.Run("fmt", yaml, "--to", "m2m").ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(file), Is.EqualTo(Tidy));
    }

    [Test]
    public void A_policy_with_errors_is_left_as_it_was_and_its_errors_are_shown()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("p.m2m", "policy p\nauth { otherwise\n");
        FinishedProcess run = M2M.Run("fmt", file);
        Assert.That((run.ExitCode, File.ReadAllText(file)), Is.EqualTo((3, "policy p\nauth { otherwise\n")));
        Assert.That(run.Output, Does.Contain("M2M101"));
    }

    [Test]
    public void A_conversion_overwrites_nothing_that_somebody_else_wrote()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("p.m2m", Tidy), yaml = folder.Write("p.m2m.yaml", "policy: other\n");
        Assert.That(M2M.Run("fmt", file, "--to", "yaml").ExitCode, Is.EqualTo(1));
        Assert.That(File.ReadAllText(yaml), Is.EqualTo("policy: other\n"));
    }

    [Test]
    public void The_policies_that_are_shipped_are_formatted() =>
        Assert.That(M2M.Run("fmt", Path.Combine(ProjectFolder.RepositoryRootOf(typeof(FmtTests).Assembly), "policies"), "--check").ExitCode, Is.Zero);
}
