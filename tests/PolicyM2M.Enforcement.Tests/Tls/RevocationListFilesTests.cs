using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Lists that others keep new, behind links or not.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class RevocationListFilesTests
{
    private readonly TestAuthority _authority = TestAuthority.Root("Plant");
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Begin() => _folder = new TemporaryFolder();

    [TearDown]
    public void End() => _folder.Dispose();

    [OneTimeTearDown]
    public void Remove() => _authority.Dispose();

    [Test]
    public void A_list_behind_a_link_is_read_again_when_the_link_or_what_is_before_it_leads_elsewhere()
    {
        // As Kubernetes mounts files: the link stays as it is, and the folder that it leads through is another one.
        Write("..1/list.crl");
        Directory.CreateSymbolicLink(_folder["..data"], "..1");
        File.CreateSymbolicLink(_folder["list.crl"], "..data/list.crl");
        var files = new RevocationListFiles(_folder["list.crl"]);
        RevocationListFiles.Content first = files.Read();
        Assert.That((Revoked(first), files.Read()), Is.EqualTo((0, first)), "what has not changed is not read again");

        Revoke();
        Write("..2/list.crl");
        // Unpacked from an image, files have one time: what tells them apart is the folder.
        File.SetLastWriteTimeUtc(_folder["..2/list.crl"], File.GetLastWriteTimeUtc(_folder["..1/list.crl"]));
        Directory.CreateSymbolicLink(_folder["..new"], "..2");
        Directory.Delete(_folder["..data"]);
        Directory.Move(_folder["..new"], _folder["..data"]);
        Assert.That(Revoked(files.Read()), Is.EqualTo(1));

        Revoke();
        Write("list-of-today.crl");
        File.CreateSymbolicLink(_folder["new.crl"], "list-of-today.crl");
        File.Move(_folder["new.crl"], _folder["list.crl"], overwrite: true);
        Assert.That(Revoked(files.Read()), Is.EqualTo(2));

        Revoke();
        Write("list-of-today.crl");
        Assert.That(Revoked(files.Read()), Is.EqualTo(3), "the link stays, and its file is another");
        File.Delete(_folder["list-of-today.crl"]);
        Assert.That(files.Read().Faults, Has.Length.EqualTo(1), "a link to nowhere is no list");
    }

    [TestCase("pipe", "it is no ordinary file")]
    [TestCase("to-pipe", "it is no ordinary file")]
    [TestCase("to-zero", "it is no ordinary file")]
    [TestCase("to-large", "it has more than 67108864 bytes")]
    [CancelAfter(60_000)]
    public async Task What_is_no_ordinary_file_is_not_opened_nor_is_one_too_large(string name, string why, CancellationToken ending)
    {
        FinishedProcess.Run("mkfifo", [_folder["pipe"]]).Succeeded();
        File.CreateSymbolicLink(_folder["to-pipe"], "pipe");
        File.CreateSymbolicLink(_folder["to-zero"], "/dev/zero");
        using (FileStream large = File.Create(_folder["large"]))
            large.SetLength((64 << 20) + 1);
        File.CreateSymbolicLink(_folder["to-large"], "large");
        RevocationListFiles.Content content = await Task.Run(new RevocationListFiles(_folder[name]).Read, ending).WaitAsync(ending);
        Assert.That(content.Faults.Single(), Is.EqualTo($"{_folder[name]}: {why}"));
    }

    [Test]
    public void Where_there_is_no_list_none_has_ended() =>
        Assert.That(new RevocationListFiles().Read().Times(TimeProvider.System.GetUtcNow()), Is.Null);

    private static int Revoked(RevocationListFiles.Content content) => content.Lists.All.Single().Revoked.Count;

    private void Write(string file) => _authority.WriteCrl(_folder[file]);

    private void Revoke()
    {
        using X509Certificate2 lost = _authority.Issue();
        _authority.Revoke(lost);
    }
}
