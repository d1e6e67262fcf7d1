using System.Runtime.InteropServices;

namespace PolicyM2M.Agent;

/// <summary>
/// The authorities of the machine, which the agent trusts in nothing: it has those that its configuration names. The platform reads them all the same, hundreds of files, with the first certificate
/// chain that it builds; that took half of a start. It looks where OpenSSL's variables say.
/// </summary>
internal static partial class SystemAuthorities
{
    /// <summary>Has the platform find none. To be called before it builds a chain. Programs that the agent starts do not inherit it.</summary>
    public static void Ignore()
    {
        // Not Environment.SetEnvironmentVariable: the platform's library asks the C library, which does not hear of that.
        _ = SetVariable("SSL_CERT_FILE", "/dev/null", 1);
        _ = SetVariable("SSL_CERT_DIR", "/dev/null", 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
