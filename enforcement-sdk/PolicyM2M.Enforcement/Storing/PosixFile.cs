using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>Opens what .NET does not open as it must be: a file without waiting for who writes it, and a folder (open(2)). Not on Windows.</summary>
internal static partial class PosixFile
{
    // Linux, open(2): the numbers are those of all architectures that the agent is built for.
    private const int WithoutWaiting = 0x800, NotForChildren = 0x80000;

    /// <summary>Opens it to be read, without waiting; on Linux alone.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="error">Why it is not open (errno(3)); 0 where it is.</param>
    /// <returns>Null where it is not open.</returns>
    public static SafeFileHandle? OpenWithoutWaiting(string path, out int error) => Open(path, WithoutWaiting | NotForChildren, out error);

    /// <summary>Opens a folder, to be flushed.</summary>
    /// <inheritdoc cref="OpenWithoutWaiting"/>
    public static SafeFileHandle? OpenFolder(string path, out int error) => Open(path, flags: 0, out error);

    private static SafeFileHandle? Open(string path, int flags, out int error)
    {
        int opened = Open(path, flags);
        error = opened >= 0 ? 0 : Marshal.GetLastPInvokeError();
        return opened >= 0 ? new SafeFileHandle(opened, ownsHandle: true) : null;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
