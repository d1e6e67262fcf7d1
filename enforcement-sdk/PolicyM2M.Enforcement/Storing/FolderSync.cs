using System.Runtime.InteropServices;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Makes a rename last: on POSIX systems it is on disk only once its folder is (fsync(2)). Without it a power cut may bring back the file
/// of before, and with it a permission that was since refused. .NET opens no folders, hence the calls. On Windows the file system sees to it.
/// </summary>
internal static partial class FolderSync
{
    /// <summary>The file system cannot do it: then nobody can, and the file itself is safe.</summary>
    private const int InvalidArgument = 22;

    /// <exception cref="IOException">The folder could not be written.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        int descriptor = Open(folder, flags: 0);
        if (descriptor < 0)
            throw Failure(folder, Marshal.GetLastPInvokeError());
        int error = Sync(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (error is not (0 or InvalidArgument))
            throw Failure(folder, error);
    }

    private static IOException Failure(string folder, int error) => new($"{folder} cannot be flushed: {Marshal.GetPInvokeErrorMessage(error)}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
