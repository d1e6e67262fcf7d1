namespace PolicyM2M.Enforcement.Storing;

/// <summary>Where a path leads to, so that two paths of one folder are known as such.</summary>
internal static class RealPath
{
    /// <summary>As many as the kernel follows (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <summary>The path without links, doubled or last slashes, <c>.</c> and <c>..</c>. What is not there, or leads in circles, stays as it is written.</summary>
    public static string Of(string path) => Of(path, MostLinks);

    /// <summary>Whether the first path is the second, or leads into that folder.</summary>
    public static bool IsWithin(string path, string folder)
    {
        string inner = Of(path), outer = Of(folder);
        return inner == outer || inner.StartsWith(Path.EndsInDirectorySeparator(outer) ? outer : outer + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    private static string Of(string path, int links)
    {
        string full = Path.GetFullPath(path), real = Path.GetPathRoot(full)!;
        foreach (string part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (links > 0 && new DirectoryInfo(real).LinkTarget is { } target)
                real = Of(Path.Combine(Path.GetDirectoryName(real)!, target), links - 1);
        }
        return real;
    }
}
