namespace PolicyM2M.Cli;

/// <summary>Reads the files of a policy set.</summary>
internal static class RegularFile
{
    /// <summary>
    /// All bytes of a file. A pipe, a socket and a device have no length: as an empty file they are not opened, since whoever opens a pipe waits until somebody writes to it, and nobody may.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadAllBytes(FileInfo file) => file.Length == 0 ? [] : File.ReadAllBytes(file.FullName);
}
