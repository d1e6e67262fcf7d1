using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Pdp.Startup;

/// <summary>
/// Files that others write while the server runs, mostly behind links: what Kubernetes mounts is a link into a folder that another one takes the place of. So what counts is what a path leads to, and its
/// bytes. A pipe and a device have no length, and are not opened: whoever opens a pipe waits until somebody writes to it.
/// </summary>
internal static class BoundedFile
{
    /// <summary>All bytes of a file; none of what has no length.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    /// <exception cref="IOException">It is not there, has more bytes, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string path, long most)
    {
        var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        return file.Length > most ? throw new IOException($"it has more than {most} bytes") : file.Length == 0 ? [] : File.ReadAllBytes(file.FullName);
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
