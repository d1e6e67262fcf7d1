using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.Sets;

namespace PolicyM2M.Compiler;

/// <summary>Which files a policy set is made of: their names say what they are, and files of other names are passed over.</summary>
public static class SourceNames
{
    private const string AttributesExtension = ".attributes.yaml";

    /// <summary>Whether a file is a source of what is decided: the manifest in the set's own folder, a policy, or an attribute schema.</summary>
    /// <param name="path">The path within the policy set, with <c>/</c> between folders.</param>
    public static bool IsSource(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path == PolicySetReader.Manifest || PolicySetReader.IsPolicy(path) || path.EndsWith(AttributesExtension, StringComparison.Ordinal);
    }

    /// <summary>Whether a file belongs to the tests: it holds tests, or a snapshot that was accepted.</summary>
    /// <param name="path">The path within the policy set, with <c>/</c> between folders.</param>
    public static bool IsTest(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(PolicyTestRun.TestExtension, StringComparison.Ordinal) || path.EndsWith(PolicyTestRun.SnapshotExtension, StringComparison.Ordinal);
    }
}
