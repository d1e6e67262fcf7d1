using System.Net.Sockets;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>In the place of a file there is a pipe to which nobody writes, a device without end, or far too much.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class BoundedFileTests
{
    private const string Device = "spiffe://test.example/device/plc-1";

    private static readonly byte[] Key = new byte[StoreKeyFile.KeyLength];

    [TestCase("pipe", "it is no ordinary file")]
    [TestCase("to-pipe", "it is no ordinary file")]
    [TestCase("to-zero", "it is no ordinary file")]
    [TestCase("socket", "it is no ordinary file")]
    [TestCase("folder", "it is a folder, and a file is expected")]
    [TestCase("large", "it has more than 1048576 bytes")]
    [TestCase("to-large", "it has more than 1048576 bytes")]
    public void What_does_not_end_or_is_too_large_is_not_read(string name, string why)
    {
        using TemporaryFolder folder = Folder();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["socket"]));
        Assert.That(() => BoundedFile.Read(folder[name], 1 << 20), Throws.InstanceOf<IOException>().With.Message.EqualTo($"{folder[name]}: {why}"));
        Assert.That(BoundedFile.Fault(folder[name], 1 << 20), Is.EqualTo(why));
    }

    [Test]
    public void A_file_is_read_also_behind_a_link_and_one_that_is_not_there_is_said_to_be_missing_with_where_its_link_leads()
    {
        using TemporaryFolder folder = Folder();
        folder.Write("file", "text");
        File.CreateSymbolicLink(folder["link"], "file");
        File.CreateSymbolicLink(folder["nowhere"], "nothing");
        Assert.That((BoundedFile.ReadText(folder["file"], 4), BoundedFile.ReadText(folder["link"], 4)), Is.EqualTo(("text", "text")));
        Assert.That(() => BoundedFile.Read(folder["nothing"], 4), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"{folder["nothing"]}: it is not there"));
        Assert.That(() => BoundedFile.Read(folder["nowhere"], 4), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"{folder["nowhere"]}: it is a link to {folder["nothing"]}, which is not there"));
        Assert.That((BoundedFile.Fault(folder["nothing"], 4), BoundedFile.Fault(folder["link"], 4), BoundedFile.Fault(folder["link"], 3)), Is.EqualTo(((string?)null, (string?)null, "it has more than 3 bytes")));
    }

    [Test]
    public void A_text_is_read_without_the_mark_at_its_beginning()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["marked"], "text", System.Text.Encoding.UTF8);
        Assert.That((new FileInfo(folder["marked"]).Length, BoundedFile.ReadText(folder["marked"], 99)), Is.EqualTo((7L, "text")));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task No_file_of_a_client_is_waited_for(CancellationToken ending)
    {
        await using var world = new ClientWorld();
        PolicyClientOptions options = world.Options();
        using TemporaryFolder folder = Folder();
        foreach (PolicyClientOptions broken in new[] { options with { CertificatePath = folder["pipe"] }, options with { KeyPath = folder["to-pipe"] }, options with { TrustPath = folder["to-zero"] } })
            Assert.That((await FailureAsync(broken)).Message, Does.EndWith(": it is no ordinary file"));
        File.SetUnixFileMode(folder["pipe"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.That((await FailureAsync(options with { CacheKeyPath = folder["pipe"] })).Message, Is.EqualTo($"{folder["pipe"]}: it is no ordinary file"));

        async Task<Exception> FailureAsync(PolicyClientOptions broken)
        {
            Task<PolicyClient> connecting = Task.Run(() => PolicyClient.Connect(broken), ending);
            try
            {
                await (await connecting.WaitAsync(ending)).DisposeAsync();
            }
            catch (IOException failure)
            {
                return failure;
            }
            throw new AssertionException("it connected");
        }
    }

    [Test]
    public void A_store_that_is_a_pipe_is_no_store_and_one_that_is_far_too_large_is_thrown_away()
    {
        using TemporaryFolder folder = Folder();
        Assert.That(StoreFile.OfDecisions(folder["pipe"], Device, Key).Load(bytes => bytes, out string? discarded), Is.Null);
        Assert.That(discarded, Is.EqualTo($"it cannot be read: {folder["pipe"]}: it is no ordinary file"));
        using (FileStream large = File.Create(folder["store"]))
            large.SetLength(3L << 30);
        Assert.That(StoreFile.OfDecisions(folder["store"], Device, Key).Fault(), Is.EqualTo($"{folder["store"]}: it has more than 33554432 bytes"));
        Assert.That(StoreFile.OfDecisions(folder["store"], Device, Key).Load(bytes => bytes, out discarded), Is.Null);
        Assert.That((File.Exists(folder["store"]), discarded), Is.EqualTo((false, $"{folder["store"]}: it has more than 33554432 bytes")));
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        FinishedProcess.Run("mkfifo", [folder["pipe"]]).Succeeded();
        Directory.CreateDirectory(folder["folder"]);
        File.CreateSymbolicLink(folder["to-pipe"], "pipe");
        File.CreateSymbolicLink(folder["to-zero"], "/dev/zero");
        File.CreateSymbolicLink(folder["to-large"], folder.Write("large", new string(' ', (1 << 20) + 1)));
        return folder;
    }
}
