using System.Globalization;
using System.Runtime.InteropServices;

namespace PolicyM2M.Agent.Configuration;

/// <summary>The numbers of users and groups, by the system's own name service (getpwnam(3), getgrnam(3)): also those of a directory. Used while the configuration is read, by one thread.</summary>
internal static partial class SystemAccounts
{
    /// <summary>Both structures begin with two pointers, the name and the password, and then the number; with the GNU and the musl library alike.</summary>
    private static readonly int NumberAt = 2 * IntPtr.Size;

    /// <summary>The number of a user, given as a name or a number; null where there is none of that name.</summary>
    public static uint? User(string name) => Number(name, UserNamed);

    /// <summary>The number of a group, given as a name or a number; null where there is none of that name.</summary>
    public static uint? Group(string name) => Number(name, GroupNamed);

    /// <summary>The number of the user that this process runs as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint Own();

    private static uint? Number(string name, Func<string, IntPtr> find)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            return number;
        IntPtr found = find(name);
        return found == IntPtr.Zero ? null : (uint)Marshal.ReadInt32(found, NumberAt);
    }

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr UserNamed(string name);

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr GroupNamed(string name);
}
