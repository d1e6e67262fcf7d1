namespace PolicyM2M.Store;

/// <summary>Which files the compiler is sure to want.</summary>
internal static class SourceNames
{
    private static readonly string[] Endings = [".m2m", ".m2m.yaml", ".attributes.yaml"];

    /// <summary>Whether a file of this path is a source by its name; another file is read too where it is text, and left out where it is not.</summary>
    public static bool IsSource(string path) =>
        path == "policyset.yaml" || Endings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal));
}
