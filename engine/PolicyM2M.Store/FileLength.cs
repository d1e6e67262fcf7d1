namespace PolicyM2M.Store;

/// <summary>Measures what a path leads to without opening it: whoever opens a pipe waits until somebody writes to it.</summary>
internal static class FileLength
{
    /// <summary>The bytes of the file, or of that at the end of a link. A pipe, a socket and a device have none.</summary>
    /// <exception cref="IOException">It is not there, or the link leads nowhere.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static long Of(string path) => new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path).Length;
}
