using PolicyM2M.Enforcement.Caching;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The cache as a file: damaged, foreign, half-written. <see cref="CacheFormatTests"/> holds every byte of it.</summary>
internal sealed class CacheFileTests
{
    private const string Device = "spiffe://test.example/device/plc-1";

    private static readonly CacheContent Content = CacheContent.Empty with { LatestSeen = new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero), NeededAttributes = ["device.type"] };

    [Test]
    public void A_file_cut_at_any_length_or_altered_at_any_byte_is_deleted_and_reported()
    {
        using var folder = new TemporaryFolder();
        CacheFile file = CacheFile.Of(folder["cache"], folder["key"], Device);
        file.Save(Content);
        byte[] whole = File.ReadAllBytes(folder["cache"]);
        IEnumerable<byte[]> damaged = Enumerable.Range(0, whole.Length).SelectMany(at => new[] { whole[..at], [.. whole[..at], (byte)~whole[at], .. whole[(at + 1)..]] });
        foreach (byte[] bytes in damaged)
        {
            File.WriteAllBytes(folder["cache"], bytes);
            Assert.That(file.Load(out string? discarded), Is.Null);
            Assert.That((string.IsNullOrEmpty(discarded), File.Exists(folder["cache"])), Is.EqualTo((false, false)));
        }
        File.WriteAllBytes(folder["cache"], whole);
        Assert.That((file.Load(out string? none)?.LatestSeen, none), Is.EqualTo((Content.LatestSeen, (string?)null)));
    }

    [Test]
    public void A_device_that_lost_its_cache_key_makes_another_and_believes_nothing_from_before()
    {
        using var folder = new TemporaryFolder();
        CacheFile.Of(folder["cache"], folder["key"], Device).Save(Content);
        File.Delete(folder["key"]);
        Assert.That(CacheFile.Of(folder["cache"], folder["key"], Device).Load(out string? discarded), Is.Null);
        Assert.That(discarded, Is.Not.Null);
        Assert.That(File.ReadAllBytes(folder["key"]), Has.Length.EqualTo(32));
    }

    [Test]
    public void A_cache_key_of_another_length_is_no_key()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["key"], new byte[31]);
        Assert.That(() => CacheFile.Of(folder["cache"], folder["key"], Device), Throws.InstanceOf<IOException>().With.Message.Contains("31 bytes"));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void What_lies_where_the_next_file_is_written_gives_it_neither_bytes_nor_permissions()
    {
        using var folder = new TemporaryFolder();
        CacheFile file = CacheFile.Of(folder["cache"], folder["key"], Device);
        File.WriteAllBytes(folder["cache.next"], new byte[100_000]);
        File.SetUnixFileMode(folder["cache.next"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        file.Save(Content);
        Assert.That(File.GetUnixFileMode(folder["cache"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(file.Load(out _)?.LatestSeen, Is.EqualTo(Content.LatestSeen));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_folder_that_is_gone_is_an_IO_failure_and_no_other()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => FolderSync.Flush(folder.Path), Throws.Nothing);
        Assert.That(() => FolderSync.Flush(folder["gone"]), Throws.InstanceOf<IOException>());
    }
}
