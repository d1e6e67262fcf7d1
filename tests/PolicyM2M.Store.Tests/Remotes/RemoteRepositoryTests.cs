using PolicyM2M.Store.Remotes;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Remotes;

/// <summary>Clones of real remotes that are there, that are not, and that change under one's feet; by the real git.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RemoteRepositoryTests
{
    private TemporaryGitRepository _git = null!;
    private TemporaryFolder _data = null!;

    [SetUp]
    public void Prepare() => (_git, _data) = (new TemporaryGitRepository(), new TemporaryFolder());

    [TearDown]
    public void Delete()
    {
        _git.Dispose();
        _data.Dispose();
    }

    private string Url => $"file://{_git.Path}";

    private RemoteRepository Remote(string reference = "HEAD") => RemoteRepository.Of(Url, _data["git"], reference, new RemoteAccess());

    private static bool Fetch(RemoteRepository remote, bool isSuspect = false) => remote.Fetch(isSuspect, TestContext.CurrentContext.CancellationToken);

    private static string Commit(RemoteRepository remote) => GitPolicyRepository.Open(remote.Clone).FindCommit(remote.Reference);

    [Test]
    public void The_first_fetch_makes_a_bare_clone_and_later_ones_bring_it_up_to_date()
    {
        string first = _git.Commit("first", ("policyset.yaml", "1"));
        RemoteRepository remote = Remote();
        Assert.That(Fetch(remote), Is.False);
        Assert.That(Commit(remote), Is.EqualTo(first));
        Assert.That(GitPolicyRepository.Open(remote.Clone).WorkTree, Is.Null);

        string second = _git.Commit("second", ("policyset.yaml", "2"));
        Assert.That(Commit(remote), Is.EqualTo(first), "nothing comes before it is fetched");
        Fetch(remote);
        Assert.That(Commit(remote), Is.EqualTo(second));
        Assert.That(GitPolicyRepository.Open(remote.Clone).ReadRevision(remote.Reference, "").Sources.Single().Text, Is.EqualTo("2"));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(_data["git"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public void A_branch_a_tag_a_commit_and_what_the_remote_means_by_HEAD_are_found()
    {
        string first = _git.Commit("first");
        _git.Git("tag", "--annotate", "--message", "release", "v1");
        string second = _git.Commit("second");
        _git.Git("checkout", "--quiet", "-b", "site/plant-7");
        string third = _git.Commit("third");
        Fetch(Remote());

        Assert.That(new[] { "v1", "main", "site/plant-7", "HEAD", "HEAD~1", second }.Select(reference => Commit(Remote(reference))), Is.EqualTo(new[] { first, second, third, third, second, second }));

        _git.Git("checkout", "--quiet", "main");
        Fetch(Remote());
        Assert.That(Commit(Remote()), Is.EqualTo(second), "a remote may change its mind");
    }

    [Test]
    public void A_branch_that_is_forced_deleted_or_turned_into_a_folder_is_followed_and_what_it_named_stays()
    {
        _git.Commit("first");
        _git.Git("checkout", "--quiet", "-b", "release");
        string served = _git.Commit("served");
        Fetch(Remote("release"));

        _git.Git("reset", "--quiet", "--hard", "main");
        string forced = _git.Commit("forced");
        Fetch(Remote("release"));
        GitPolicyRepository clone = GitPolicyRepository.Open(Remote().Clone);
        Assert.That(Commit(Remote("release")), Is.EqualTo(forced));
        Assert.That((clone.Follows(served, forced), clone.FindCommit(served)), Is.EqualTo((false, served)));
        FinishedProcess.Run("git", ["--git-dir", Remote().Clone, "-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never", "gc", "--quiet", "--prune=now"]).Succeeded();
        Assert.That(clone.FindCommit(served), Is.EqualTo(served));

        _git.Git("checkout", "--quiet", "main");
        _git.Git("branch", "--quiet", "-D", "release");
        _git.Git("branch", "release/plant-7");
        Fetch(Remote());
        Refusal.Of(() => clone.FindCommit("release"), "no branch, tag or commit `release`");
        Assert.That(clone.FindCommit("release/plant-7"), Is.EqualTo(_git.Head));
    }

    [Test]
    public void A_remote_that_is_not_there_leaves_the_clone_as_it_was_until_it_comes_back()
    {
        string first = _git.Commit("first");
        RemoteRepository remote = Remote();
        Fetch(remote);
        Directory.Move($"{_git.Path}/.git", $"{_git.Path}/away");

        Refusal.Of(() => Fetch(remote), $"the remote {Url} cannot be fetched: fatal: ");
        Assert.That(Commit(remote), Is.EqualTo(first));

        Directory.Move($"{_git.Path}/away", $"{_git.Path}/.git");
        Assert.That(Fetch(remote), Is.False, "what cannot be reached is no reason to throw the clone away");
    }

    [Test]
    public void A_remote_that_was_never_there_leaves_nothing()
    {
        Refusal.Of(() => RemoteRepository.Of($"file://{_data["nowhere"]}", _data["git"], "HEAD", new RemoteAccess()).Fetch(false, default), "cannot be fetched");

        Assert.That(Directory.GetDirectories(_data["git"]), Is.Empty);
    }

    [TestCase("a pack is cut short")]
    [TestCase("a pack is gone")]
    [TestCase("the object folder is gone")]
    [TestCase("HEAD is nonsense")]
    [TestCase("the folder is empty")]
    [TestCase("the folder is a file")]
    [TestCase("the packed refs are nonsense")]
    public void A_damaged_clone_is_made_anew(string damage)
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        RemoteRepository remote = Remote();
        Fetch(remote);
        string pack = Directory.GetFiles(Path.Combine(remote.Clone, "objects/pack"), "*.pack").Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        switch (damage)
        {
            case "a pack is cut short":
                File.WriteAllBytes(pack, File.ReadAllBytes(pack)[..^40]);
                break;
            case "a pack is gone":
                File.Delete(pack);
                break;
            case "the object folder is gone":
                Directory.Delete(Path.Combine(remote.Clone, "objects"), recursive: true);
                break;
            case "HEAD is nonsense":
                File.WriteAllText(Path.Combine(remote.Clone, "HEAD"), "\0\0\0");
                break;
            case "the packed refs are nonsense":
                File.WriteAllText(Path.Combine(remote.Clone, "packed-refs"), "\0\u0001nonsense");
                break;
            default:
                Directory.Delete(remote.Clone, recursive: true);
                if (damage == "the folder is a file")
                    File.WriteAllText(remote.Clone, "");
                else
                    Directory.CreateDirectory(remote.Clone);
                break;
        }

        // A fetch of what is there already may well succeed; then it is the reader who finds out.
        Fetch(remote, isSuspect: true);

        Assert.That(Commit(remote), Is.EqualTo(_git.Head));
        Assert.That(GitPolicyRepository.Open(remote.Clone).ReadRevision(remote.Reference, "").Sources.Single().Text, Is.EqualTo("1"));
    }

    [Test]
    public void A_damaged_clone_stays_where_the_remote_cannot_be_reached()
    {
        _git.Commit("first");
        RemoteRepository remote = Remote();
        Fetch(remote);
        File.Delete(Path.Combine(remote.Clone, "HEAD"));
        Directory.Move($"{_git.Path}/.git", $"{_git.Path}/away");

        Refusal.Of(() => Fetch(remote), "cannot be fetched");

        Assert.That(Directory.GetFiles(Path.Combine(remote.Clone, "objects/pack"), "*.pack"), Is.Not.Empty);
    }

    [Test]
    public void A_clone_below_another_repository_never_touches_that_one()
    {
        _git.Commit("first");
        string around = _git.Git("rev-parse", "HEAD");
        RemoteRepository remote = RemoteRepository.Of(Url, Path.Combine(_git.Path, ".policym2m/git"), "HEAD", new RemoteAccess());
        Fetch(remote);
        File.Delete(Path.Combine(remote.Clone, "HEAD"));
        _git.Git("update-ref", "refs/heads/other", around);

        Fetch(remote);

        Assert.That(_git.Git("for-each-ref", "--format=%(refname)"), Is.EqualTo("refs/heads/main\nrefs/heads/other"));
        Assert.That(Commit(remote), Is.EqualTo(around));
    }

    [Test]
    public void What_a_killed_git_leaves_behind_is_removed()
    {
        _git.Commit("first");
        RemoteRepository remote = Remote();
        Fetch(remote);
        string[] remains = ["refs/heads/main.lock", "packed-refs.lock", "objects/pack/tmp_pack_abcdef", "../" + Path.GetFileName(remote.Clone) + ".unfinished/HEAD"];
        foreach (string file in remains)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(remote.Clone, file))!);
            File.WriteAllText(Path.Combine(remote.Clone, file), "");
        }
        string second = _git.Commit("second");

        Fetch(remote);

        Assert.That(Commit(remote), Is.EqualTo(second));
        Assert.That(remains.Select(file => File.Exists(Path.Combine(remote.Clone, file))), Is.All.False);
    }

    [Test]
    public void A_clone_that_was_being_exchanged_when_the_process_ended_is_found_again()
    {
        string first = _git.Commit("first");
        RemoteRepository remote = Remote();
        Fetch(remote);
        Directory.Move(remote.Clone, $"{remote.Clone}.old");
        Directory.Move($"{_git.Path}/.git", $"{_git.Path}/away");

        Refusal.Of(() => Fetch(remote), "cannot be fetched");

        Assert.That(Commit(remote), Is.EqualTo(first));
    }

    [Test]
    public void Two_processes_do_not_write_to_one_clone()
    {
        _git.Commit("first");
        RemoteRepository remote = Remote();
        Fetch(remote);
        using FileStream other = new($"{remote.Clone}.lock", FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Refusal.Of(() => Fetch(remote), "or another process does so");
    }

    [Test]
    public void A_remote_with_more_than_the_clone_may_hold_is_refused_and_leaves_nothing_large()
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        RemoteRepository remote = Remote(), small = RemoteRepository.Of(Url, _data["git"], "HEAD", new RemoteAccess(), maximumBytes: 1 << 20);
        Fetch(remote);
        string served = _git.Head;
        var random = new Random(1);
        byte[] noise = new byte[48 << 20];
        random.NextBytes(noise);
        File.WriteAllBytes(_git.Write("firmware.bin", ""), noise);
        _git.Commit("huge");

        Refusal.Of(() => Fetch(small), $"the remote {Url} cannot be fetched: it has more than 1048576 bytes");

        Assert.That(Commit(remote), Is.EqualTo(served));
        Refusal.Of(() => Fetch(small), "more than");
        Assert.That(Directory.GetFiles(remote.Clone, "*", SearchOption.AllDirectories).Where(file => !file.Contains("tmp_", StringComparison.Ordinal)).Sum(file => new FileInfo(file).Length), Is.LessThan(1 << 20));

        // Where there is room, a file that is no source is passed over.
        Fetch(remote);
        Assert.That(GitPolicyRepository.Open(remote.Clone).ReadRevision(remote.Reference, "").Sources.Select(source => source.Path), Is.EqualTo(new[] { "policyset.yaml" }));
    }

    [Test]
    public void A_fetch_that_is_ended_says_so_and_changes_nothing()
    {
        _git.Commit("first");
        using var ended = new CancellationTokenSource();
        ended.Cancel();

        Assert.Throws<OperationCanceledException>(() => Remote().Fetch(false, ended.Token));
        Assert.That(Fetch(Remote()), Is.False);
    }

    [Test]
    public void A_submodule_and_a_hook_of_the_remote_run_nothing_and_fetch_nothing_else()
    {
        string id = _git.Commit("first", ("policies/policyset.yaml", "1"), (".gitmodules", $"[submodule \"x\"]\n\tpath = vendor\n\turl = file://{_data["elsewhere"]}\n"));
        _git.Git("update-index", "--add", "--cacheinfo", $"160000,{id},vendor");
        _git.Git("commit", "--quiet", "--message", "second");
        RemoteRepository remote = Remote();
        Fetch(remote);

        Assert.That(Directory.Exists(Path.Combine(remote.Clone, "modules")), Is.False);
        Assert.That(Directory.Exists(Path.Combine(remote.Clone, "hooks")), Is.False);
        Assert.That(GitPolicyRepository.Open(remote.Clone).ReadRevision(remote.Reference, "policies").Sources, Has.Count.EqualTo(1));
    }

    [Test]
    public void An_object_that_could_harm_who_checks_it_out_is_not_fetched()
    {
        string blob = FinishedProcess.Run("git", ["hash-object", "-w", "--stdin"], _git.Path, "x").Succeeded().Output.Trim();
        string tree = FinishedProcess.Run("git", ["mktree"], _git.Path, $"100644 blob {blob}\t.git\n").Succeeded().Output.Trim();
        _git.Git("update-ref", "refs/heads/main", _git.Git("commit-tree", tree, "-m", "evil"));

        Refusal.Of(() => Fetch(Remote()), "hasDotgit");
    }
}
