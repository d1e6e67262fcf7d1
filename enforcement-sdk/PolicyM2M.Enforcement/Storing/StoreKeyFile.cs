using System.Security.Cryptography;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>A key of 32 random bytes in a file, made on first use and readable by its owner only.</summary>
internal sealed class StoreKeyFile(string path) : IStoreKey
{
    public const int KeyLength = 32;

    /// <exception cref="IOException">The file cannot be read or made, is no key, or others may read it.</exception>
    public byte[] Read()
    {
        if (!File.Exists(path))
            Create();
        // Whoever else can read the key can read the store and write one.
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) is not 0 and var more)
            throw new IOException($"{path} may be used by others than its owner ({more}); a key that was exposed is none: delete it, or make it yours alone again with: chmod 600 {path}");
        byte[] key = BoundedFile.Read(path, BoundedFile.LargestPem);
        return key.Length == KeyLength ? key : throw new IOException($"{path} is no store key: it has {key.Length} bytes and not {KeyLength}; delete it to have a new one made");
    }

    private void Create()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Two processes may start at once: each writes a key of its own, and the first to take the name wins.
        string mine = $"{path}.{Guid.NewGuid():N}";
        try
        {
            WholeFile.WriteNew(mine, RandomNumberGenerator.GetBytes(KeyLength));
            File.Move(mine, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first.
        }
        finally
        {
            // Also what a full disk took only the name of.
            Delete(mine);
        }
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full)!;
        FolderSync.Flush(folder);
        // What a process that was killed left: whoever still writes one has lost.
        foreach (string left in Directory.EnumerateFiles(folder, $"{Path.GetFileName(full)}.*").Where(left => Guid.TryParseExact(Path.GetExtension(left).TrimStart('.'), "N", out _)))
            Delete(left);
    }

    private static void Delete(string left)
    {
        try
        {
            File.Delete(left);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A key that nothing is sealed with harms nobody.
        }
    }
}
