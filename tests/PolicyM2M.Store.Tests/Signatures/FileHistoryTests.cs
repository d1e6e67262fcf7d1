using System.Text;
using LibGit2Sharp;
using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Signatures;

/// <summary>
/// How much of a history is looked at for who signed protected files: whoever may push can make any history. A commit's message is what its one protected file holds, so that ten thousand of them are
/// made at once.
/// </summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class FileHistoryTests
{
    private const int FirstSecond = 1_800_000_000;

    private TemporaryGitRepository _git = null!;
    private StringBuilder _history = null!;
    private Dictionary<string, string> _ids = [];
    private int _commits;

    [SetUp]
    public void Make() => (_git, _history, _commits) = (new TemporaryGitRepository(), new StringBuilder(), 0);

    [TearDown]
    public void Delete() => _git.Dispose();

    [Test]
    public void Of_ten_thousand_steps_of_a_judgement_a_walk_takes_ten_and_each_commit_one()
    {
        string first = Commit("a");
        string at9900 = Line("a", 9_900, first), at9980 = Line("a", 80, at9900), at9990 = Line("a", 10, at9980), at9991 = Line("a", 1, at9990);
        using Repository repository = Import();

        Assert.That(Has(History(repository), first, at9990), Is.True);
        Assert.That(Has(History(repository), first, at9991), Is.False);
        FileHistory judgement = History(repository);
        Assert.That((Has(judgement, first, at9900), Has(judgement, at9900, at9980)), Is.EqualTo((true, true)), "9,910 and 90 steps");
        Assert.That(Has(judgement, first, first), Is.False, "there is none left");
        Assert.That(Has(History(repository), first, first), Is.True, "another judgement begins anew");

        bool Has(FileHistory history, string commit, string other) => history.HasAllChangesOf(Of(repository, commit), Of(repository, other));
    }

    [TestCase(49, ExpectedResult = true)]
    [TestCase(50, ExpectedResult = false)]
    public bool Merges_hang_on_one_another_fifty_walks_deep_at_most(int merges)
    {
        // The file changes back and forth on the main line, and each merge of it with the merge before keeps what the main line has. That this changes nothing hangs on the merge before, which the main line does not
        // have, and which was not looked at yet: the one before that is in the main line.
        string main = Commit("a"), before = Commit("a", main), earlier = "", kept = "";
        for (int merge = 1; merge <= merges; merge++)
        {
            string file = merge % 2 == 0 ? "a" : "b";
            main = Commit(file, main);
            kept = merge == 1 ? Commit(file, main) : Commit(file, main, earlier);
            (earlier, before) = (before, Commit(file, kept, before));
        }
        string without = Commit("c", kept, earlier);
        using Repository repository = Import();
        return History(repository).HasAllChangesOf(Of(repository, without), Of(repository, before));
    }

    [TestCase(999, ExpectedResult = "alice")]
    [TestCase(1_000, ExpectedResult = "")]
    public string Of_a_thousand_commits_the_signatures_count(int above)
    {
        using var folder = new TemporaryFolder();
        var alice = SshKey.Make(folder, "alice");
        _git.SignWith(alice);
        string last = Line("a", above, _git.Commit("a"));
        using Repository repository = Import();

        return string.Join(' ', FileSigners.Find(
            repository, since: null, Of(repository, last), History(repository), AllowedSigners.Parse("signers", alice.Line("alice")), TimeProvider.System.GetUtcNow(), enough: 2));
    }

    private static FileHistory History(Repository repository) => new(repository, commit => new Dictionary<string, string> { ["policy.m2m"] = commit.MessageShort });

    /// <summary>That many commits on top of one, none of which changes the file.</summary>
    private string Line(string file, int length, string parent)
    {
        for (int i = 0; i < length; i++)
            parent = Commit(file, parent);
        return parent;
    }

    /// <summary>Adds a commit to what will be imported; returns its mark.</summary>
    /// <param name="file">What its file holds.</param>
    /// <param name="parents">The marks, or ids, of its parents; none for the first commit of all.</param>
    private string Commit(string file, params string[] parents)
    {
        string mark = $":{++_commits}";
        _history.Append(null, $"commit refs/heads/made\nmark {mark}\ncommitter A <author@policym2m.example> {FirstSecond + _commits} +0000\ndata {file.Length}\n{file}\n");
        foreach ((int index, string parent) in parents.Index())
            _history.Append(null, $"{(index == 0 ? "from" : "merge")} {parent}\n");
        return mark;
    }

    private Repository Import()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess.Run(RequiredProgram.Git.Require(), ["fast-import", "--quiet", $"--export-marks={folder["marks"]}"], _git.Path, _history.ToString()).Succeeded();
        _ids = File.ReadLines(folder["marks"]).Select(line => line.Split(' ')).ToDictionary(mark => mark[0], mark => mark[1]);
        return new Repository(_git.Path);
    }

    private Commit Of(Repository repository, string mark) => repository.Lookup<Commit>(_ids[mark]);
}
