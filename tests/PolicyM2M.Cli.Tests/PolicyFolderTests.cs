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

    [Test]
    public void A_link_within_the_folder_is_followed()
    {
        _folder.Write("set/..data/a.m2m", "policy a");
        File.CreateSymbolicLink(_folder["set/a.m2m"], "..data/a.m2m");
        Assert.That(PolicyFolder.Read(_folder["set"]).Single().Text, Is.EqualTo("policy a"));
    }

    [Test]
    public void A_link_that_leads_out_is_refused()
    {
        _folder.Write("secret.m2m", "policy secret");
        Directory.CreateDirectory(_folder["set"]);
        File.CreateSymbolicLink(_folder["set/a.m2m"], "../secret.m2m");
        Assert.That(() => PolicyFolder.Read(_folder["set"]), Throws.TypeOf<CannotRunException>().With.Message.Contains("a.m2m is a link that leads out"));
    }

    [Test]
    public void A_link_through_a_linked_folder_that_leads_out_is_refused_too()
    {
        _folder.Write("elsewhere/secret.m2m", "policy secret");
        Directory.CreateDirectory(_folder["set"]);
        Directory.CreateSymbolicLink(_folder["set/inside"], "../elsewhere");
        File.CreateSymbolicLink(_folder["set/a.m2m"], "inside/secret.m2m");
        Assert.That(() => PolicyFolder.Read(_folder["set"]), Throws.TypeOf<CannotRunException>().With.Message.Contains("leads out"));
    }

    [Test]
    public void Links_in_a_circle_are_an_error_and_no_loop()
    {
        Directory.CreateDirectory(_folder["set"]);
        File.CreateSymbolicLink(_folder["set/a.m2m"], "b.m2m");
        File.CreateSymbolicLink(_folder["set/b.m2m"], "a.m2m");
        Directory.CreateSymbolicLink(_folder["set/self"], ".");
        Assert.That(() => PolicyFolder.Read(_folder["set"]), Throws.TypeOf<CannotRunException>().With.Message.Contains("too many links"));
    }

    [Test]
    public void The_folder_itself_may_be_a_link()
    {
        _folder.Write("set/a.m2m", "policy a");
        Directory.CreateSymbolicLink(_folder["link"], "set");
        Assert.That(PolicyFolder.Read(_folder["link"]), Has.Count.EqualTo(1));
    }
}
