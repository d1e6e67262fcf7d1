namespace PolicyM2M.Agent.Configuration;

/// <summary>Where a path leads to, so that two paths of one folder are known as such.</summary>
internal static class RealPath
{
    /// <summary>As many as the kernel follows (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <summary>The path without links, doubled or last slashes, <c>.</c> and <c>..</c>. What is not there, or leads in circles, stays as it is written.</summary>
    public static string Of(string path) => Of(path, MostLinks);

    private static string Of(string path, int links)
    {
        string real = "/";
        foreach (string part in Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (links > 0 && new DirectoryInfo(real).LinkTarget is { } target)
                real = Of(Path.Combine(Path.GetDirectoryName(real)!, target), links - 1);
        }
        return real;
    }
}
