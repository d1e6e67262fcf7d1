using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests;

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root folder.</summary>
    public static string Root { get; } = ProjectFolder.RepositoryRootOf(typeof(Repository).Assembly);

    /// <summary>The paths of all files that are committed or staged, with <c>/</c> between folders.</summary>
    public static string[] TrackedFiles() =>
    [
        // The checkout of a build server may belong to another user than the tests.
        .. FinishedProcess.Run(RequiredProgram.Git.Require(), ["-c", "safe.directory=*", "ls-files", "-z"], Root).Succeeded()
            .Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => File.Exists(Path.Combine(Root, path))),
    ];

    /// <summary>The text of a file of the repository.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>All projects of the repository.</summary>
    public static ProjectFile[] Projects() =>
        [.. TrackedFiles().Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(path => ProjectFile.Parse(path, Read(path)))];
}
