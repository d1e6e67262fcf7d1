using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Store.Remotes;

/// <summary>The folder that a clone is, and what processes that were ended leave in it.</summary>
internal static class CloneFolder
{
    public const string Unfinished = "unfinished";
    private const string Old = "old";
    private const int NameBytes = 8;

    /// <summary>Held by the one process that may write to the clone.</summary>
    public sealed class Hold(FileStream file) : IDisposable
    {
        public void Dispose() => file.Dispose();
    }

    /// <summary>The folder's name, the same for the same URL.</summary>
    public static string NameOf(RemoteUrl url) => $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.Text)).AsSpan(0, NameBytes))}.git";

    /// <summary>Keeps other processes from writing to a clone; the folder around it is made where there is none.</summary>
    /// <exception cref="PolicyStoreException">Another one writes, or this one may not.</exception>
    public static Hold Take(string clone)
    {
        try
        {
            string around = Path.GetDirectoryName(clone)!;
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(around);
            else
                Directory.CreateDirectory(around, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new Hold(new FileStream($"{clone}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStoreException($"the clone {clone} cannot be written to, or another process does so: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Removes the lock files and half-written packs that a git leaves that was killed: the first would stop every later fetch, the others would fill the disk.
    /// Nobody else writes here.
    /// </summary>
    public static void RemoveRemains(string clone) => Guard(clone, () =>
    {
        Delete($"{clone}.{Unfinished}");
        if (File.Exists(clone))
            File.Delete(clone);
        if (Directory.Exists($"{clone}.{Old}"))
        {
            // It was ended between the two moves.
            if (Directory.Exists(clone))
                Delete($"{clone}.{Old}");
            else
                Directory.Move($"{clone}.{Old}", clone);
        }
        if (!Directory.Exists(clone))
            return;
        string objects = Path.Combine(clone, "objects");
        foreach (string remains in Directory.EnumerateFiles(clone, "*.lock", SearchOption.AllDirectories).Concat(Files(objects, "tmp_*")).ToArray())
            File.Delete(remains);
    });

    /// <summary>Puts a new clone in the place of the old one.</summary>
    public static void Replace(string clone, string by) => Guard(clone, () =>
    {
        if (Directory.Exists(clone))
            Directory.Move(clone, $"{clone}.{Old}");
        Directory.Move(by, clone);
        Delete($"{clone}.{Old}");
    });

    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    public static long BytesIn(string folder)
    {
        try
        {
            return Files(folder, "*").Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length : 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Git works there meanwhile: what it has just taken away has no bytes.
            return 0;
        }
    }

    private static string[] Files(string folder, string pattern) => Directory.Exists(folder) ? Directory.GetFiles(folder, pattern, SearchOption.AllDirectories) : [];

    private static void Guard(string clone, Action change)
    {
        try
        {
            change();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStoreException($"the clone {clone} cannot be written to: {fault.Message}", fault);
        }
    }
}
