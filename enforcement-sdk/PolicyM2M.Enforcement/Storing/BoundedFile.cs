namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Files that others write while the device runs, often behind links: what Kubernetes mounts is a link into a folder that another one takes the place of. So what counts is what a path leads to. A pipe and a
/// device have no length, and are not opened: to read one is to wait for whoever writes, or never to come to an end.
/// </summary>
internal static class BoundedFile
{
    /// <summary>The file that a path leads to.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="most">The most bytes that such a file has.</param>
    /// <exception cref="IOException">It is not there, has more bytes, or has none as what is no ordinary file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static FileInfo Find(string path, long most)
    {
        FileInfo file = Target(path);
        return file.Length > most ? throw new IOException($"it has more than {most} bytes")
            : file.Length == 0 ? throw new IOException("it is empty, or no ordinary file")
            : file;
    }

    /// <summary>What tells a file as it is from the one before: what the path leads to, through which links of folders, its time and its length. The same wherever it is not there.</summary>
    /// <param name="path">Where it is.</param>
    public static string Stamp(string path)
    {
        try
        {
            FileInfo file = Target(path);
            string through = "";
            for (DirectoryInfo? folder = file.Directory; folder is not null; folder = folder.Parent)
                through += $"|{folder.LinkTarget}";
            return $"{file.FullName}{through}|{file.LastWriteTimeUtc.Ticks}|{file.Length}";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static FileInfo Target(string path) => new(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
}
