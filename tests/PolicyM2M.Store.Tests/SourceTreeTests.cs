using System.Text;
using PolicyM2M.Compiler;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests;

/// <summary>Which files of a commit are sources, and what no policy set may hold.</summary>
[TestFixture]
public sealed class SourceTreeTests
{
    private TemporaryGitRepository _git = null!;

    [SetUp]
    public void MakeRepository() => _git = new TemporaryGitRepository();

    [TearDown]
    public void DeleteRepository() => _git.Dispose();

    private IReadOnlyList<SourceFile> Read(string folder = "") => GitPolicyRepository.Open(_git.Path).ReadRevision("HEAD", folder).Sources;

    private void Write(string path, byte[] bytes) => File.WriteAllBytes(_git.Write(path, ""), bytes);

    [Test]
    public void Other_files_come_along_where_they_are_text()
    {
        Write("logo.png", [0x89, 0x50, 0, 1]);
        Write("latin1.txt", [0xE4, 0xF6]);
        Write("huge.txt", Encoding.UTF8.GetBytes(new string('x', (8 << 20) + 1)));
        _git.Commit("first", ("policyset.yaml", "1"), ("contexts/plc.json", "{}"));

        Assert.That(Read().Select(source => source.Path), Is.EqualTo(new[] { "contexts/plc.json", "policyset.yaml" }));
    }

    [Test]
    public void A_byte_order_mark_is_no_part_of_the_text()
    {
        Write("a.m2m", [0xEF, 0xBB, 0xBF, (byte)'p']);
        _git.Commit("first");

        Assert.That(Read().Single().Text, Is.EqualTo("p"));
    }

    [TestCase("policyset.yaml")]
    [TestCase("sites/plant-7.m2m")]
    [TestCase("baseline.m2m.yaml")]
    [TestCase("device.attributes.yaml")]
    public void A_source_that_is_not_UTF8_is_refused_by_name(string path)
    {
        Write(path, [0x70, 0xFC]);
        _git.Commit("first");

        Refusal.Of(() => Read(), $"`{path}` is not UTF-8");
    }

    [Test]
    public void A_source_with_a_NUL_is_refused()
    {
        Write("a.m2m", [0x70, 0]);
        _git.Commit("first");

        Refusal.Of(() => Read(), "`a.m2m` is not UTF-8");
    }

    [Test]
    public void A_source_of_exactly_the_longest_length_is_read_and_a_longer_one_is_refused()
    {
        _git.Commit("first", ("a.m2m", new string(' ', 8 << 20)));
        Assert.That(Read().Single().Text, Has.Length.EqualTo(8 << 20));

        _git.Commit("second", ("a.m2m", new string(' ', (8 << 20) + 1)));
        Refusal.Of(() => Read(), "`a.m2m` has 8388609 bytes");
    }

    [Test]
    public void More_files_than_a_set_may_hold_are_refused()
    {
        _git.Commit("first", Enumerable.Range(0, 2_001).Select(i => ($"p{i}.m2m", "")));

        Refusal.Of(() => Read(), "more than 2000 files");
    }

    [Test]
    public void More_bytes_than_a_set_may_hold_are_refused()
    {
        string large = new(' ', 1 << 20);
        _git.Commit("first", Enumerable.Range(0, 17).Select(i => ($"p{i}.m2m", large)));

        Refusal.Of(() => Read(), "more than 16777216 bytes");
    }

    [Test]
    public void Folders_nested_too_deeply_are_refused()
    {
        _git.Commit("first", (string.Concat(Enumerable.Repeat("d/", 16)) + "a.m2m", ""));

        Refusal.Of(() => Read(), "nested more than 16 folders deep");
    }

    [Test]
    public void A_tree_that_repeats_itself_without_end_is_refused_soon()
    {
        // Ten levels, each naming the one below ten times: ten billion files in eleven objects.
        string below = Object("blob", "");
        string entry = "100644 blob";
        for (int level = 0; level < 10; level++)
        {
            string listing = string.Concat(Enumerable.Range(0, 10).Select(i => $"{entry} {below}\tx{i}\n"));
            below = Mktree(listing);
            entry = "040000 tree";
        }
        _git.Git("update-ref", "refs/heads/main", _git.Git("commit-tree", below, "-m", "bomb"));

        Refusal.Of(() => Read(), "more than");
    }

    [TestCase("a.m2m")]
    [TestCase("below/a.m2m.yaml")]
    [TestCase("b.attributes.yaml")]
    [TestCase("b.tests.yaml")]
    [TestCase("b.snapshot.txt")]
    public void A_symbolic_link_with_the_name_of_a_source_or_a_test_is_refused(string link)
    {
        _git.Commit("first", ("policies/policyset.yaml", "1"), ("policies/below/c.m2m", "2"));
        File.CreateSymbolicLink(Path.Combine(_git.Path, "policies", link), "/etc/passwd");
        File.CreateSymbolicLink(Path.Combine(_git.Path, "alias"), "policies");
        _git.Commit("second");

        Refusal.Of(() => Read("policies"), $"`{link}` is a symbolic link");
        Refusal.Of(() => Read("alias"), "`alias` is a symbolic link");
    }

    [TestCase("README.md", "/etc/passwd")]
    [TestCase("sites", "../elsewhere")]
    [TestCase("notes", "policyset.yaml")]
    [TestCase("gone", "nowhere")]
    public void So_is_one_of_any_other_name(string link, string target)
    {
        _git.Commit("first", ("policies/policyset.yaml", "1"), ("elsewhere/a.m2m", "2"));
        File.CreateSymbolicLink(Path.Combine(_git.Path, "policies", link), target);
        _git.Commit("second");
        Refusal.Of(() => Read("policies"), $"`{link}` is a symbolic link; commit the file or the folder itself");
    }

    [Test]
    public void A_folder_of_tests_cannot_be_taken_away_by_a_link_in_its_place()
    {
        _git.Commit("first", ("policies/policyset.yaml", "1"), ("policies/tests/a.tests.yaml", "2"), ("elsewhere/a.tests.yaml", "3"));
        Directory.Delete(Path.Combine(_git.Path, "policies/tests"), recursive: true);
        File.CreateSymbolicLink(Path.Combine(_git.Path, "policies/tests"), "../elsewhere");
        _git.Commit("second");
        Refusal.Of(() => Read("policies"), "`tests` is a symbolic link");
    }

    [Test]
    public void A_submodule_is_refused()
    {
        string id = _git.Commit("first", ("policies/policyset.yaml", "1"));
        _git.Git("update-index", "--add", "--cacheinfo", $"160000,{id},policies/vendor");
        _git.Git("commit", "--quiet", "--message", "second");

        Refusal.Of(() => Read("policies"), "`vendor` is a submodule");
        Refusal.Of(() => Read("policies/vendor"), "`policies/vendor` is a submodule");
    }

    [Test]
    public void A_file_name_that_could_forge_a_line_of_a_log_is_refused()
    {
        _git.Commit("first", ("a\nb.m2m", "1"));

        Refusal.Of(() => Read(), "rename it");
    }

    private string Object(string type, string content) => Pipe(content, "hash-object", "-w", "-t", type, "--stdin");

    private string Mktree(string listing) => Pipe(listing, "mktree");

    private string Pipe(string input, params string[] arguments) =>
        FinishedProcess.Run(RequiredProgram.Git.Require(), arguments, _git.Path, input).Succeeded().Output.TrimEnd('\n');
}
