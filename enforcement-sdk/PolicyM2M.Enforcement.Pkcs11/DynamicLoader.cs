using System.Reflection;
using System.Runtime.InteropServices;
using Net.Pkcs11Interop.HighLevelAPI;

namespace PolicyM2M.Enforcement.Pkcs11;

/// <summary>
/// The package looks for <c>libdl</c> by a name that only the headers for developers bring. Since glibc 2.34 what it wants is in the C library itself, and <c>libdl.so.2</c> is kept for programs like this one.
/// </summary>
internal static class DynamicLoader
{
    private static readonly Lazy<bool> Prepared = new(() =>
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(IPkcs11Library).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The application has a resolver of its own for the package, which is its right.
            return false;
        }
    });

    /// <summary>Sees to it, once.</summary>
    public static void Prepare() => _ = Prepared.Value;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) =>
        name == "libdl" && OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libdl.so.2", out nint loaded) ? loaded : 0;
}
