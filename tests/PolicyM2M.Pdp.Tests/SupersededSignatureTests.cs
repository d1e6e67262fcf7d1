using PolicyM2M.Compiler;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Whose signature counts for protected files where histories part and meet: nobody's who did not have below it what was changed since.</summary>
[TestFixture]
internal sealed class SupersededSignatureTests
{
    private static readonly ProtectedPaths TwoSigners = new(["baseline.m2m"], 2);

    private readonly TemporaryFolder _folder = new();
    private SshKey _alice = null!, _bob = null!;
    private TemporaryGitRepository _git = null!;
    private string _first = "";

    [OneTimeSetUp]
    public void MakeKeys()
    {
        (_alice, _bob) = (SshKey.Make(_folder, "alice"), SshKey.Make(_folder, "bob"));
        _folder.Write("allowed", _alice.Line("alice") + _bob.Line("bob"));
    }

    [OneTimeTearDown]
    public void DeleteKeys() => _folder.Dispose();

    [SetUp]
    public void Begin()
    {
        _git = new TemporaryGitRepository();
        Commit(_alice, [.. TestPolicies.Files()]);
        _first = Commit(_bob);
    }

    [TearDown]
    public void Remove() => _git.Dispose();

    [Test]
    public void A_signature_on_an_old_branch_does_not_undo_what_was_mended_since()
    {
        string old = On(_first, () => Commit(_bob, Note("one")));
        string mended = Mended();
        string undone = Merge(_alice, old, mended, old);
        Assert.That((Signers(mended, undone), Signers(null, undone)), Is.EqualTo(("alice", "alice")));
        Assert.That(Signers(mended, Commit(_bob)), Is.EqualTo("bob alice"), "who signs on top knows what is undone");
    }

    [Test]
    public void Nor_do_those_on_several_branches_that_are_merged_at_once()
    {
        string one = On(_first, () => Commit(_bob, Note("one"))), two = On(_first, () => Commit(_bob, Note("two")));
        string mended = Mended();
        foreach (string[] parents in new string[][] { [mended, one, two], [one, two, mended], [one, mended, two] })
        {
            string undone = Merge(_alice, one, parents);
            Assert.That((Signers(mended, undone), Signers(null, undone)), Is.EqualTo(("alice", "alice")));
        }
    }

    [Test]
    public void Nor_does_one_on_a_branch_that_was_merged_to_and_fro()
    {
        string old = On(_first, () => Commit(_bob, Note("one"))), main = On(_first, () => Commit(_alice, Note("two")));
        string both = Merge(_bob, old, old, main);
        Merge(_alice, old, main, old);
        string mended = Mended();
        string undone = Merge(_alice, both, mended, both);
        Assert.That((Signers(mended, undone), Signers(null, undone)), Is.EqualTo(("alice", "alice")));
    }

    [Test]
    public void Nor_where_it_was_mended_by_a_merge_that_left_the_change_behind()
    {
        string good = Mended();
        string side = On(good, () => Commit(_alice, Note("side")));
        Change("60d");
        string bad = Commit(_bob);
        string old = On(bad, () => Commit(_bob, Note("one")));
        Merge(_alice, side, bad, side);
        string mended = Commit(_bob);
        string undone = Merge(_alice, old, mended, old);
        Assert.That((Signers(bad, mended), Signers(mended, undone), Signers(null, undone)), Is.EqualTo(("bob alice", "alice", "alice")));
    }

    [Test]
    public void Nor_where_the_same_change_was_served_from_another_branch_and_taken_back()
    {
        string review = On(_first, () => Commit(_bob, TestPolicies.Baseline("60d")));
        Change("60d");
        Commit(_bob);
        Change("30d");
        string back = Commit(_bob);
        string again = Merge(_alice, review, back, review);
        Assert.That((Signers(back, again), Signers(null, again)), Is.EqualTo(("alice", "alice")));
    }

    [Test]
    public void Where_nothing_was_served_yet_one_person_does_not_bring_back_what_both_signed_once()
    {
        Mended();
        Assert.That(Signers(null, Commit(_alice, TestPolicies.Baseline("30d"))), Is.EqualTo("alice"));
        Assert.That(Signers(null, Commit(_bob)), Is.EqualTo("bob alice"));
    }

    [Test]
    public void A_branch_that_was_reviewed_before_something_else_was_served_counts_when_it_is_merged()
    {
        string reviewed = On(_first, Reviewed);
        string served = On(_first, () => Commit(null, Note("served")));
        string merged = Merge(null, reviewed, served, reviewed);
        Assert.That((Signers(served, merged), Signers(null, merged)), Is.EqualTo(("bob alice", "bob alice")));
        Assert.That(Signers(served, Merge(null, reviewed, reviewed, served)), Is.EqualTo("bob alice"), "whichever parent is the first");
    }

    [Test]
    public void So_does_one_that_took_in_what_was_served_and_one_beside_which_older_branches_were_merged()
    {
        string old = On(_first, () => Commit(null, Note("old")));
        string mended = Mended();
        string reviewed = On(mended, Reviewed);
        string served = Merge(null, mended, mended, old);
        string updated = Merge(null, reviewed, reviewed, served);
        Assert.That((Signers(served, updated), Signers(null, updated)), Is.EqualTo(("bob alice", "bob alice")));
        string merged = Merge(null, reviewed, served, reviewed);
        Assert.That((Signers(served, merged), Signers(null, merged)), Is.EqualTo(("bob alice", "bob alice")));
    }

    [Test]
    public void So_does_one_that_is_merged_with_a_history_that_never_had_the_policies()
    {
        _git.Git("checkout", "--quiet", "--orphan", "pages");
        _git.Git("rm", "-r", "--quiet", "--force", ".");
        string pages = Commit(null, ("index.html", "pages"));
        string reviewed = On(_first, Reviewed);
        string merged = Merge(null, reviewed, reviewed, pages);
        Assert.That((Signers(_first, merged), Signers(null, merged)), Is.EqualTo(("bob alice", "bob alice")));
    }

    private string Mended()
    {
        Change("7d");
        return Commit(_bob);
    }

    private void Change(string lifetime) => Commit(_alice, TestPolicies.Baseline(lifetime));

    private string Reviewed()
    {
        Change("9d");
        return Commit(_bob);
    }

    private static (string Path, string Text) Note(string text) => ($"policies/{text}.txt", text);

    private string Commit(SshKey? key, params (string Path, string Text)[] files)
    {
        _git.SignWith(key);
        return _git.Commit("A change", files);
    }

    /// <summary>Goes to a commit and does something there.</summary>
    private string On(string commit, Func<string> change)
    {
        _git.Git("checkout", "--quiet", "--detach", commit);
        string done = change();
        _git.Git("checkout", "--quiet", "--detach", commit);
        return done;
    }

    /// <summary>A merge of these commits that has the files of one of them, whatever git would have made of it; and goes there.</summary>
    private string Merge(SshKey? key, string files, params string[] parents)
    {
        _git.SignWith(key);
        string[] sign = key is null ? [] : ["-S"];
        string merge = _git.Git(["commit-tree", .. sign, "-m", "A merge", .. parents.SelectMany(parent => new[] { "-p", parent }), $"{files}^{{tree}}"]);
        _git.Git("checkout", "--quiet", "--detach", merge);
        return merge;
    }

    private string? Signers(string? served, string commit) => GitPolicyRepository.Open(_git.Path)
        .FindSigners(served, commit, "policies", TwoSigners, AllowedSigners.Load(_folder["allowed"]), TimeProvider.System.GetUtcNow()) is { } signers ? string.Join(' ', signers) : null;
}
