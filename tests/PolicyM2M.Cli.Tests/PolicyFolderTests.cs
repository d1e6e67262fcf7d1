using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class PolicyFolderTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Make_an_empty_folder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete_the_folder() => _folder.Dispose();

    [Test]
    public void Policies_schemas_and_the_manifest_are_read_in_ordinal_order_and_nothing_else()
    {
        foreach (string path in new[] { "set/policyset.yaml", "set/b.m2m", "set/B.m2m", "set/a/c.m2m", "set/a/policyset.yaml", "set/x.attributes.yaml", "set/README.md", "set/.git/d.m2m" })
            _folder.Write(path, path);

        Assert.That(PolicyFolder.Read(_folder["set"]).Select(file => $"{file.Path}={file.Text}"), Is.EqualTo(new[]
        {
            "B.m2m=set/B.m2m", "a/c.m2m=set/a/c.m2m", "b.m2m=set/b.m2m", "policyset.yaml=set/policyset.yaml", "x.attributes.yaml=set/x.attributes.yaml",
        }));
    }

    [TestCase("a.m2m", "policyset.yaml")]
    [TestCase("a.m2m", "../secret.m2m")]
    [TestCase("a.m2m", "a.m2m")]
    [TestCase("below.m2m", "..")]
    [TestCase("policyset.yaml", "../secret.m2m")]
    [TestCase("x.attributes.yaml", "../secret.m2m")]
    public void A_link_with_the_name_of_a_source_is_refused_as_the_decision_point_refuses_it(string link, string target)
    {
        _folder.Write("secret.m2m", "policy secret");
        _folder.Write("set/b.m2m", "policy b");
        File.CreateSymbolicLink(_folder["set/" + link], target);
        Assert.That(PolicyFolder.Read(_folder["set"]).Where(file => file.Unreadable is not null).Select(file => $"{file.Path}: {file.Unreadable}"),
            Is.EqualTo(new[] { $"{link}: it is a symbolic link; put the file or the folder itself there" }));
    }

    [TestCase("notes.txt", "../secret.m2m")]
    [TestCase("sites", "..")]
    [TestCase("README.md", "nowhere")]
    public void So_is_a_link_of_another_name_and_nothing_behind_it_is_read(string link, string target)
    {
        _folder.Write("secret.m2m", "policy secret");
        _folder.Write("set/a.m2m", "policy a");
        File.CreateSymbolicLink(_folder["set/" + link], target);
        Assert.That(PolicyFolder.Read(_folder["set"]).Select(file => (file.Path, file.Unreadable is null)), Is.EquivalentTo(new[] { ("a.m2m", true), (link, false) }));
        Assert.That(TestFolder.Read(_folder["set"]), Is.Empty, "it is told once");
    }

    [TestCase("a.tests.yaml")]
    [TestCase("a.snapshot.txt")]
    [TestCase("tests")]
    public void A_link_with_the_name_of_a_test_or_in_the_place_of_a_folder_is_a_fault_of_the_set(string link)
    {
        foreach (string file in new[] { "policyset.yaml", "device.attributes.yaml", "baseline.m2m", "sites/plant-7.m2m" })
            _folder.Write("set/" + file, File.ReadAllText(Path.Combine(M2M.Cases, "factory", file)));
        _folder.Write("a", "");
        File.CreateSymbolicLink(_folder["set/" + link], "../a");
        FinishedProcess run = M2M.Run("check", _folder["set"]);
        Assert.That(run.ExitCode, Is.EqualTo(3), run.Error);
        Assert.That(run.Output, Does.Contain($"{link}:1:1: error M2M405: the policy set can have no file `{link}`: it is a symbolic link").And.Contain("1 error in 1 file"));
    }

    [Test]
    public void A_file_that_cannot_be_used_is_a_fault_beside_the_faults_of_the_others()
    {
        _folder.Write("set/policyset.yaml", "name: x\nattributes: x.attributes.yaml\npolicies: [bad.m2m, large.m2m, link.m2m, wrong.m2m]\n");
        _folder.Write("set/x.attributes.yaml", [0xFF, (byte)'\n']);
        _folder.Write("set/bad.m2m", [.. "policy "u8.ToArray(), 0xE9]);
        _folder.Write("set/large.m2m", new string(' ', (8 << 20) + 1));
        _folder.Write("set/wrong.m2m", "policy wrong\nauth {\n");
        File.CreateSymbolicLink(_folder["set/link.m2m"], "wrong.m2m");
        FinishedProcess run = M2M.Run("check", _folder["set"]);
        Assert.That(run.ExitCode, Is.EqualTo(3), run.Error);
        foreach (string fault in new[]
        {
            "bad.m2m:1:1: error M2M405: the policy set can have no file `bad.m2m`: it is not UTF-8 from byte 8 on", "large.m2m:1:1: error M2M405: the policy set can have no file `large.m2m`: it has 8,388,609 bytes",
            "link.m2m:1:1: error M2M405: the policy set can have no file `link.m2m`: it is a symbolic link", "x.attributes.yaml:1:1: error M2M405", "wrong.m2m:2:", "5 files",
        })
            Assert.That(run.Output, Does.Contain(fault));
        Assert.That(run.Output, Does.Contain("5 errors in 5 files"), "and none that follows from another");
    }

    /// <summary>Whoever opens a pipe waits until somebody writes to it.</summary>
    [Test]
    [Platform("Linux,MacOsX")]
    public void What_is_no_regular_file_is_not_waited_for()
    {
        _folder.Write("set/policyset.yaml", "name: x\nattributes: x.attributes.yaml\npolicies: [a.m2m]\n");
        foreach (string pipe in new[] { "a.m2m", "x.attributes.yaml", "b.tests.yaml", "c.json" })
            Assert.That(FinishedProcess.Run("mkfifo", [_folder["set/" + pipe]]).ExitCode, Is.Zero);
        FinishedProcess check = M2M.Run("check", _folder["set"]);
        Assert.That(check.ExitCode, Is.EqualTo(3), check.Error);
        Assert.That(check.Output, Does.Contain("a.m2m:1:1: error M2M105").And.Contain("x.attributes.yaml:1:1: error M2M402"));
        Assert.That(M2M.Run("fmt", _folder["set"]).ExitCode, Is.EqualTo(3));
    }

    [TestCase("pipe.m2mb")]
    [TestCase("link.m2mb")]
    [Platform("Linux")]
    public void A_pipe_in_the_place_of_a_bundle_is_told_and_not_waited_for(string name)
    {
        FinishedProcess.Run("mkfifo", [_folder["pipe.m2mb"]]).Succeeded();
        File.CreateSymbolicLink(_folder["link.m2mb"], "pipe.m2mb");
        FinishedProcess run = M2M.RunWith("{}", "decide", _folder[name], "--context", "-");
        Assert.That(run.Error, Is.EqualTo($"m2m: `{_folder[name]}` cannot be read: it is no ordinary file\n"));
    }

    [Test]
    public void The_folder_itself_may_be_a_link()
    {
        _folder.Write("set/a.m2m", "policy a");
        Directory.CreateSymbolicLink(_folder["link"], "set");
        Assert.That(PolicyFolder.Read(_folder["link"]), Has.Count.EqualTo(1));
    }
}
