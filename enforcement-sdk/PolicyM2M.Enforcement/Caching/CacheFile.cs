using System.Security.Cryptography;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>The cache on disk: a file that is always whole, because a new one is written beside it and takes its name.</summary>
internal sealed class CacheFile
{
    private const int KeyLength = 32;

    /// <summary>Far more than the cache ever holds; a larger file is not ours.</summary>
    private const long LargestFile = 16 * 1024 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly string _device;
    private readonly byte[] _key;

    private CacheFile(string path, string device, byte[] key)
    {
        _path = path;
        _device = device;
        _key = key;
    }

    /// <summary>The file of a device, with its key, which is made where it is not there.</summary>
    /// <exception cref="IOException">The key cannot be read or made, or is no key.</exception>
    public static CacheFile Of(string path, string keyPath, string device)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return new CacheFile(Path.GetFullPath(path), device, KeyAt(keyPath));
    }

    /// <summary>What is kept; null where nothing is. What cannot be believed is deleted.</summary>
    /// <param name="discarded">Why what was there could not be believed; null where it could, or where nothing was there.</param>
    public CacheContent? Load(out string? discarded)
    {
        discarded = null;
        try
        {
            var file = new FileInfo(_path);
            if (!file.Exists)
                return null;
            if (file.Length > LargestFile)
                throw new InvalidDataException($"it has {file.Length} bytes");
            return CacheFormat.Read(File.ReadAllBytes(_path), _device, _key);
        }
        catch (InvalidDataException unusable)
        {
            discarded = unusable.Message;
            Delete();
            return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // The file may be sound and the disk not: what comes next is written over it, if it can be.
            discarded = $"it cannot be read: {unreadable.Message}";
            return null;
        }
    }

    /// <summary>Writes the content so that whenever the power goes, either the old file or the new one is there, whole.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone; what was there before is still there.</exception>
    public void Save(CacheContent content)
    {
        string next = _path + ".next";
        // What a power cut or somebody else left there is not written into: its permissions would be theirs.
        File.Delete(next);
        using (FileStream file = OpenNew(next))
        {
            file.Write(CacheFormat.Write(content, _device, _key));
            file.Flush(flushToDisk: true);
        }
        File.Move(next, _path, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(_path)!);
    }

    private void Delete()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is not believed, here or after: that it stays is no harm.
        }
    }

    private static byte[] KeyAt(string path)
    {
        if (!File.Exists(path))
            CreateKey(path);
        byte[] key = File.ReadAllBytes(path);
        return key.Length == KeyLength ? key : throw new IOException($"{path} is no cache key: it has {key.Length} bytes and not {KeyLength}; delete it to have a new one made");
    }

    private static void CreateKey(string path)
    {
        // Two processes may start at once: each writes a key of its own, and the first to take the name wins.
        string mine = $"{path}.{Guid.NewGuid():N}";
        using (FileStream file = OpenNew(mine))
        {
            file.Write(RandomNumberGenerator.GetBytes(KeyLength));
            file.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(mine, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(mine);
        }
    }

    private static FileStream OpenNew(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
