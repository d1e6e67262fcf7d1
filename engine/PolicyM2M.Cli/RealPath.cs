namespace PolicyM2M.Cli;

/// <summary>Where a path leads once every symbolic link on the way is followed. The platform follows only a link at its end.</summary>
internal static class RealPath
{
    /// <summary>As Linux does: more links than this are taken for a loop.</summary>
    private const int MostLinks = 40;

    /// <summary>The full path without links.</summary>
    /// <exception cref="IOException">The links go in a circle, or cannot be read.</exception>
    public static string Of(string path) => Of(Path.GetFullPath(path), links: 0);

    private static string Of(string path, int links)
    {
        if (links > MostLinks)
            throw new IOException($"{path} leads through too many links");
        string root = Path.GetPathRoot(path)!;
        string real = root;
        foreach (string name in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, name);
            string? target = new FileInfo(next).LinkTarget;
            real = target is null ? next : Of(Path.GetFullPath(target, real), links + 1);
        }
        return real;
    }
}
