using System.Runtime.InteropServices;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Makes what was written last. A new file or a rename is on disk only once its folder is (fsync(2)), and many small files are there with one call (syncfs(2)); .NET has neither. Where there is no
/// syncfs, files are flushed one by one by who writes them.
/// </summary>
internal static partial class FolderSync
{
    /// <summary>The file system cannot flush folders: then nobody can, and the files themselves are safe.</summary>
    private const int InvalidArgument = 22;

    /// <summary>Flushes a folder.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Flush(string folder)
    {
        if (!OperatingSystem.IsWindows())
            Call(folder, Sync);
    }

    /// <summary>Flushes everything on the file system of a folder. Nothing is done where it cannot be: see <see cref="CanFlushAll"/>.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal static void FlushAll(string folder) => Call(folder, SyncFileSystem);

    /// <summary>Whether <see cref="FlushAll"/> is there.</summary>
    internal static bool CanFlushAll { get; } = OperatingSystem.IsLinux();

    private static void Call(string folder, Func<int, int> sync)
    {
        int descriptor = Open(folder, flags: 0);
        int error = descriptor < 0 || sync(descriptor) != 0 ? Marshal.GetLastPInvokeError() : 0;
        if (descriptor >= 0)
            _ = Close(descriptor);
        if (descriptor < 0 || error is not (0 or InvalidArgument))
            throw new IOException($"{folder} cannot be flushed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
