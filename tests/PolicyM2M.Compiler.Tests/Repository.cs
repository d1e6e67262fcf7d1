using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Where the repository is, and a folder of it as the sources of a policy set.</summary>
internal static class Repository
{
    public static string Root { get; } = ProjectFolder.RepositoryRootOf(typeof(Repository).Assembly);

    public static IReadOnlyList<SourceFile> Sources(string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".m2m", StringComparison.Ordinal) || path.EndsWith(".yaml", StringComparison.Ordinal) || path.EndsWith(".json", StringComparison.Ordinal))
            .Select(path => new SourceFile(Path.GetRelativePath(folder, path).Replace('\\', '/'), File.ReadAllText(path))),
    ];
}
