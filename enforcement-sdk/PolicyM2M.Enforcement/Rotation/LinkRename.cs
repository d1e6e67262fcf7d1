using System.Runtime.InteropServices;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Gives a link the name of another, in one step (rename(2)). .NET follows a link to a folder and then refuses to take it for a file, hence the call.</summary>
internal static partial class LinkRename
{
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public static void Over(string from, string to)
    {
        if (Rename(from, to) != 0)
            throw new IOException($"{to} cannot be replaced: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
