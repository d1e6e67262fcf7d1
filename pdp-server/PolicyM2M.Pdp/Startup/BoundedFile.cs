using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Pdp.Startup;

/// <summary>
/// Files that others write while the server runs, mostly behind links: what Kubernetes mounts is a link into a folder that another one takes the place of. So what counts is what a path leads to, and its
/// bytes. A pipe and a device are refused: whoever reads one waits until somebody writes to it.
/// </summary>
internal static class BoundedFile
{
    /// <summary>All bytes of a file. Faults are said without its name, which whoever reads it says.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    /// <exception cref="IOException">It is not there, is no ordinary file, has more bytes, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string path, long most)
    {
        try
        {
            return OrdinaryFile.Read(path, most);
        }
        catch (FileRefusedException refused)
        {
            throw new IOException(refused.Reason, refused);
        }
    }

    /// <summary>The same as text in UTF-8.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, long most) => Encoding.UTF8.GetString(Read(path, most));

    /// <summary>What tells a file as it is from the one before; the same wherever it cannot be read.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    public static string Stamp(string path, long most)
    {
        try
        {
            return $"{path}|{Convert.ToHexStringLower(SHA256.HashData(Read(path, most)))}";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"{path}|{(File.Exists(path) ? "unreadable" : "missing")}";
        }
    }
}
