using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests.Testing;

[TestFixture]
public sealed class SnapshotTests
{
    private TemporaryFolder _folder = null!;
    private SnapshotFiles _files = null!;

    [SetUp]
    public void Make_an_empty_folder()
    {
        _folder = new TemporaryFolder();
        _files = new SnapshotFiles(_folder.Path, "Class.Method");
    }

    [TearDown]
    public void Delete_the_folder() => _folder.Dispose();

    [Test]
    public void A_text_that_was_never_verified_fails_and_is_kept_for_review()
    {
        string? failure = _files.Compare("one\n", SnapshotMode.Compare);

        Assert.That(failure, Does.Contain("no verified text").And.Contain("+one").And.Contain("POLICYM2M_ACCEPT=1"));
        Assert.That(File.ReadAllText(_folder["Class.Method.received.txt"]), Is.EqualTo("one\n"));
        Assert.That(File.Exists(_folder["Class.Method.verified.txt"]), Is.False);
    }

    [Test]
    public void The_verified_text_passes_and_clears_what_was_received_before()
    {
        _folder.Write("Class.Method.verified.txt", "one\r\ntwo");
        _folder.Write("Class.Method.received.txt", "old");

        Assert.That(_files.Compare("one\ntwo", SnapshotMode.Compare), Is.Null);
        Assert.That(File.Exists(_files.Received), Is.False);
    }

    [Test]
    public void A_difference_is_shown_line_by_line()
    {
        _folder.Write("Class.Method.verified.txt", "a\nb\nc\nd\ne\nf\ng\n");

        string? failure = _files.Compare("a\nb\nc\nd\nE \nf\ng\n", SnapshotMode.Compare);

        Assert.That(failure, Does.Contain("@@ line 2 @@\n b\n c\n d\n-e\n+E·\n f\n g\n"));
    }

    [Test]
    public void Accepting_makes_the_received_text_the_verified_one()
    {
        _folder.Write("Class.Method.verified.txt", "old");

        Assert.That(_files.Compare("new", SnapshotMode.Accept), Is.Null);
        Assert.That(File.ReadAllText(_files.Verified), Is.EqualTo("new"));
    }

    [TestCase("true", null, "CI is set")]
    [TestCase("true", "1", "refused")]
    [TestCase("1", "1", "refused")]
    public void A_build_server_writes_nothing(string ci, string? accept, string says)
    {
        _folder.Write("Class.Method.verified.txt", "old");

        Assert.That(_files.Compare("new", SnapshotMode.Of(ci, accept)), Does.Contain(says));
        Assert.That(File.ReadAllText(_files.Verified), Is.EqualTo("old"));
        Assert.That(File.Exists(_files.Received), Is.False);
    }

    [Test]
    public void A_developer_accepts_by_the_variable_and_compares_without_it()
    {
        Assert.That(SnapshotMode.Of(null, "1"), Is.EqualTo(SnapshotMode.Accept));
        Assert.That(SnapshotMode.Of("", null), Is.EqualTo(SnapshotMode.Compare));
    }

    [Test]
    public void The_name_holds_what_a_file_name_can_hold() =>
        Assert.That(SnapshotFiles.NameOf("T", "M", "sites/plant 7: \"a\""), Is.EqualTo("T.M_sites-plant-7---a-"));

    [TestCase("/_/tests/PolicyM2M.Solution.Tests/Testing/SnapshotTests.cs")]
    [TestCase(@"X:\src\tests\PolicyM2M.Solution.Tests\Testing\SnapshotTests.cs")]
    public void The_source_folder_is_found_though_the_compiler_rewrote_the_path(string compiled) =>
        Assert.That(File.Exists(Path.Combine(Snapshot.SourceFolder(GetType().Assembly, compiled), "SnapshotTests.cs")));
}
