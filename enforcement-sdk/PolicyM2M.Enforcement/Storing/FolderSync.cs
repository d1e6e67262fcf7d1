using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Makes a rename last: on POSIX systems it is on disk only once its folder is (fsync(2)). Without it a power cut may bring back the file
/// of before, and with it a permission that was since refused. On Windows the file system sees to it.
/// </summary>
internal static class FolderSync
{
    /// <exception cref="IOException">The folder could not be written. Where its file system cannot do it nobody can, and that is none.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        using SafeFileHandle opened = PosixFile.OpenFolder(folder, out int error) ?? throw new IOException($"{folder} cannot be flushed: {Marshal.GetPInvokeErrorMessage(error)}");
        RandomAccess.FlushToDisk(opened);
    }
}
