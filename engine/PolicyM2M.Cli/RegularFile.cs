using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Cli;

/// <summary>Reads the files of a policy set.</summary>
internal static class RegularFile
{
    /// <summary>
    /// All bytes of a file, or of that at the end of a link. A pipe, a socket and a device have no length and count as empty, but not behind a link: whoever reads a pipe
    /// waits until somebody writes to it, and nobody may.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadAllBytes(FileInfo file)
    {
        try
        {
            return OrdinaryFile.Read(file.FullName, Array.MaxLength);
        }
        catch (FileRefusedException) when (file.Length == 0)
        {
            return [];
        }
    }
}
