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
    [TestCase("notes.txt", "../secret.m2m")]
    [TestCase("inside", "..")]
    public void A_link_below_the_folder_is_refused_as_the_decision_point_refuses_it(string link, string target)
    {
        _folder.Write("secret.m2m", "policy secret");
        _folder.Write("set/policyset.yaml", "name: x");
        File.CreateSymbolicLink(_folder["set/" + link], target);
        Assert.That(() => PolicyFolder.Read(_folder["set"]), Throws.TypeOf<CannotRunException>().With.Message.Contains($"{link} is a symbolic link"));
    }

    [Test]
    public void The_folder_itself_may_be_a_link()
    {
        _folder.Write("set/a.m2m", "policy a");
        Directory.CreateSymbolicLink(_folder["link"], "set");
        Assert.That(PolicyFolder.Read(_folder["link"]), Has.Count.EqualTo(1));
    }
}
