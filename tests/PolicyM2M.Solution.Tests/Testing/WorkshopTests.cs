using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests.Testing;

/// <summary>The tools of the tests are tools too.</summary>
[TestFixture]
public sealed class WorkshopTests
{
    [Test]
    public void A_property_that_fails_names_the_seed_that_repeats_it()
    {
        int runs = 0;
        AssertionException? failure = Assert.Throws<AssertionException>(() => SeededProperty.Holds(10, _ => Fail(++runs == 4), firstSeed: 7, only: null));
        Assert.That(failure!.Message, Does.Contain("seed 10").And.Contain("POLICYM2M_SEED=10").And.Contain("the reason"));
    }

    [Test]
    public void A_seed_repeats_its_run_alone()
    {
        var drawn = new List<int>();
        SeededProperty.Holds(3, random => drawn.Add(random.Next()), firstSeed: 1, only: null);
        SeededProperty.Holds(3, random => drawn.Add(random.Next()), firstSeed: 1, only: "2");
        Assert.That(drawn, Has.Count.EqualTo(4));
        Assert.That(drawn[3], Is.EqualTo(drawn[1]).And.Not.EqualTo(drawn[0]));
    }

    [Test]
    public void A_program_is_found_in_the_path_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        folder.Write("bin/tool", "");
        var tool = new RequiredProgram("tool", "tools");
        Assert.That(tool.Find($"{folder["none"]}{Path.PathSeparator}{folder["bin"]}"), Is.EqualTo(folder["bin/tool"]));
        Assert.That(tool.Find(folder["none"]), Is.Null);
    }

    [Test]
    public void What_a_machine_lacks_is_skipped_or_fails_where_all_is_required()
    {
        Assert.That(() => Requirement.IsLacking("no disk", requireAll: null), Throws.TypeOf<IgnoreException>().With.Message.EqualTo("no disk"));
        Assert.That(() => Requirement.IsLacking("no disk", requireAll: "1"), Throws.TypeOf<AssertionException>().With.Message.Contains("no disk"));
    }

    [Test]
    public void The_same_commits_have_the_same_ids_in_every_repository()
    {
        using var one = new TemporaryGitRepository();
        using var other = new TemporaryGitRepository();
        foreach (TemporaryGitRepository repository in new[] { one, other })
        {
            repository.Commit("first", ("policies/a.m2m", "policy a"));
            repository.Commit("second", ("policies/a.m2m", "policy b"), ("policies/b.m2m", ""));
        }
        Assert.That(one.Head, Has.Length.EqualTo(40).And.EqualTo(other.Head));
        Assert.That(one.Git("show", "HEAD~1:policies/a.m2m"), Is.EqualTo("policy a"));
        Assert.That(one.Git("log", "-1", "--format=%aI"), Does.StartWith("2026-01-01T00:01:00"));
    }

    [Test]
    public void What_is_deleted_from_the_work_tree_is_gone_from_the_next_commit()
    {
        using var repository = new TemporaryGitRepository();
        repository.Commit("first", ("a", "1"), ("b", "2"));
        repository.Delete("a");
        repository.Commit("second");
        Assert.That(repository.Git("ls-tree", "--name-only", "HEAD"), Is.EqualTo("b"));
    }

    [Test]
    public void A_git_command_that_fails_says_why()
    {
        using var repository = new TemporaryGitRepository();
        InvalidOperationException? failure = Assert.Throws<InvalidOperationException>(() => repository.Git("checkout", "nowhere"));
        Assert.That(failure!.Message, Does.Contain("nowhere"));
    }

    [Test]
    public void A_process_that_says_much_on_both_streams_and_reads_nothing_is_heard_out()
    {
        FinishedProcess run = FinishedProcess.Run(RequiredProgram.Git.Require(), ["help", "--all"], input: new string('x', 1 << 20));
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("commit"));
    }

    private static void Fail(bool now)
    {
        if (now)
            throw new InvalidOperationException("the reason");
    }
}
