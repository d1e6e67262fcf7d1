using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests;

/// <summary>Which commit is read: refs of all kinds, in repositories of all kinds, made with the real git.</summary>
[TestFixture]
public sealed class GitPolicyRepositoryTests
{
    private TemporaryGitRepository _git = null!;

    [SetUp]
    public void MakeRepository() => _git = new TemporaryGitRepository();

    [TearDown]
    public void DeleteRepository() => _git.Dispose();

    private GitPolicyRepository Open() => GitPolicyRepository.Open(_git.Path);

    [Test]
    public void A_revision_has_its_commit_and_its_sources_in_ordinal_order()
    {
        string id = _git.Commit("First policies\n\nWith a body.", ("policies/policyset.yaml", "name: x\n"), ("policies/b.m2m", "b"), ("policies/B.m2m", "B"), ("policies/a/z.m2m", "z"), ("readme.md", "no"));

        PolicyRevision revision = Open().ReadRevision("HEAD", "policies");

        Assert.That(revision.CommitId, Is.EqualTo(id));
        Assert.That(revision.Summary, Is.EqualTo("First policies"));
        Assert.That(revision.CommittedAt, Is.EqualTo(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.That(revision.Sources.Select(source => (source.Path, source.Text)),
            Is.EqualTo(new[] { ("B.m2m", "B"), ("a/z.m2m", "z"), ("b.m2m", "b"), ("policyset.yaml", "name: x\n") }));
    }

    [Test]
    public void A_commit_follows_itself_and_what_its_history_holds_merged_branches_too_and_nothing_else()
    {
        string first = _git.Commit("first", ("policyset.yaml", "1"));
        _git.Git("branch", "side");
        string second = _git.Commit("second", ("policyset.yaml", "2"));
        _git.Git("checkout", "--quiet", "side");
        string side = _git.Commit("side", ("other", "3"));
        _git.Git("merge", "--quiet", "--no-edit", second);
        string merged = _git.Head;
        GitPolicyRepository repository = Open();

        Assert.That(new[] { first, second, side, merged }.Select(earlier => repository.Follows(earlier, merged)), Is.All.True);
        Assert.That((repository.Follows(second, side), repository.Follows(merged, first), repository.Follows(new string('0', 40), merged), repository.Follows(first, new string('0', 40))),
            Is.EqualTo((false, false, false, false)));
    }

    [Test]
    public void A_branch_a_tag_an_annotated_tag_a_commit_id_and_its_beginning_all_name_a_commit()
    {
        string first = _git.Commit("first", ("policyset.yaml", "1"));
        _git.Git("tag", "light");
        _git.Git("tag", "--annotate", "--message", "release", "v1");
        _git.Git("branch", "site/plant-7");
        _git.Commit("second", ("policyset.yaml", "2"));

        GitPolicyRepository repository = Open();

        foreach (string reference in new[] { "light", "v1", "site/plant-7", "refs/tags/v1", first, first[..10], "HEAD~1" })
            Assert.That(repository.ReadRevision(reference, "").Sources[0].Text, Is.EqualTo("1"), reference);
        Assert.That(repository.ReadRevision("main", "").Sources[0].Text, Is.EqualTo("2"));
        Assert.That(repository.FindCommit("v1"), Is.EqualTo(first));
    }

    [Test]
    public void A_new_commit_is_seen_by_a_repository_that_was_opened_before()
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        GitPolicyRepository repository = Open();
        repository.ReadRevision("HEAD", "");
        string second = _git.Commit("second", ("policyset.yaml", "2"));
        _git.Git("gc", "--quiet", "--prune=now");

        Assert.That(repository.FindCommit("HEAD"), Is.EqualTo(second));
        Assert.That(repository.ReadRevision("HEAD", "").Sources[0].Text, Is.EqualTo("2"));
    }

    [Test]
    public void A_dirty_work_tree_and_index_change_nothing()
    {
        _git.Commit("first", ("policyset.yaml", "committed"));
        _git.Write("policyset.yaml", "staged");
        _git.Write("new.m2m", "staged");
        _git.Git("add", "--all");
        _git.Write("policyset.yaml", "edited");

        PolicyRevision revision = Open().ReadRevision("HEAD", "");

        Assert.That(revision.Sources.Select(source => source.Text), Is.EqualTo(new[] { "committed" }));
    }

    [Test]
    public void Line_ends_come_as_they_were_committed_whatever_git_is_told_to_do_with_them()
    {
        _git.Commit("first", (".gitattributes", "* text eol=crlf\n"), ("policyset.yaml", "a\nb\n"));

        Assert.That(Open().ReadRevision("HEAD", "").Sources.Single(source => source.Path == "policyset.yaml").Text, Is.EqualTo("a\nb\n"));
    }

    [Test]
    public void A_detached_head_is_a_commit_like_any_other()
    {
        string first = _git.Commit("first", ("policyset.yaml", "1"));
        _git.Commit("second", ("policyset.yaml", "2"));
        _git.Git("checkout", "--quiet", "--detach", first);

        Assert.That(Open().FindCommit("HEAD"), Is.EqualTo(first));
    }

    [Test]
    public void A_bare_repository_is_served_as_well()
    {
        string id = _git.Commit("first", ("policyset.yaml", "1"));
        using var bare = new TemporaryFolder();
        _git.Git("clone", "--quiet", "--bare", _git.Path, bare["policies.git"]);

        GitPolicyRepository repository = GitPolicyRepository.Open(bare["policies.git"]);

        Assert.That(repository.WorkTree, Is.Null);
        Assert.That(repository.Location, Is.EqualTo(bare["policies.git"]));
        Assert.That(repository.ReadRevision("main", "").CommitId, Is.EqualTo(id));
    }

    [Test]
    public void A_linked_work_tree_has_its_own_head()
    {
        string first = _git.Commit("first", ("policyset.yaml", "1"));
        _git.Commit("second", ("policyset.yaml", "2"));
        using var other = new TemporaryFolder();
        _git.Git("worktree", "add", "--quiet", "--detach", other["tree"], first);

        GitPolicyRepository repository = GitPolicyRepository.Open(other["tree"]);

        Assert.That(repository.WorkTree, Is.EqualTo(other["tree"]));
        Assert.That(repository.FindCommit("HEAD"), Is.EqualTo(first));
    }

    [Test]
    public void A_folder_inside_a_repository_leads_to_it()
    {
        _git.Commit("first", ("a/b/policyset.yaml", "1"));

        GitPolicyRepository repository = GitPolicyRepository.Open(Path.Combine(_git.Path, "a/b"));

        Assert.That(repository.WorkTree, Is.EqualTo(_git.Path));
        Assert.That(repository.ReadRevision("HEAD", "./a/b/").Sources, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_folder_that_is_no_repository_is_refused()
    {
        using var folder = new TemporaryFolder();

        Refusal.Of(() => GitPolicyRepository.Open(folder.Path), "no Git repository");
        Refusal.Of(() => GitPolicyRepository.Open(folder["nowhere"]), "there is no folder");
    }

    [Test]
    public void A_repository_without_a_commit_says_so() =>
        Refusal.Of(() => Open().ReadRevision("HEAD", ""), "has no commit yet");

    [TestCase("nowhere", "no branch, tag or commit `nowhere`")]
    [TestCase("", "no")]
    [TestCase("0123456789012345678901234567890123456789", "no branch, tag or commit")]
    [TestCase("HEAD:policyset.yaml", "not a branch, a tag or a commit")]
    [TestCase("..", "no")]
    public void A_ref_that_names_no_commit_is_refused(string reference, string message)
    {
        _git.Commit("first", ("policyset.yaml", "1"));

        Refusal.Of(() => Open().FindCommit(reference), message);
    }

    [TestCase("elsewhere", "has no folder `elsewhere`")]
    [TestCase("policies/deeper", "has no folder `policies/deeper`")]
    [TestCase("policies/policyset.yaml", "is a file")]
    [TestCase("../policies", "not a folder within the repository")]
    [TestCase("/policies", "not a folder within the repository")]
    public void A_folder_that_the_commit_does_not_have_is_refused(string folder, string message)
    {
        _git.Commit("first", ("policies/policyset.yaml", "1"));

        Refusal.Of(() => Open().ReadRevision("HEAD", folder), message);
    }

    [Test]
    public void A_repository_whose_objects_are_damaged_says_how_to_look_at_it()
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        string blob = _git.Git("rev-parse", "HEAD:policyset.yaml");
        File.Delete(Path.Combine(_git.Path, ".git/objects", blob[..2], blob[2..]));

        Refusal.Of(() => Open().ReadRevision("HEAD", ""), "git fsck");
    }

    [Test]
    public void A_damaged_object_is_not_believed()
    {
        _git.Commit("first", ("policyset.yaml", "1"));
        string tree = _git.Git("rev-parse", "HEAD^{tree}");
        string file = Path.Combine(_git.Path, ".git/objects", tree[..2], tree[2..]);
        File.Delete(file);
        File.WriteAllBytes(file, [1, 2, 3]);

        Refusal.Of(() => Open().ReadRevision("HEAD", ""), "git fsck");
    }
}
