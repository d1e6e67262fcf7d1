using System.Collections.Immutable;
using PolicyM2M.Compiler.Sets;

namespace PolicyM2M.Compiler;

/// <summary>Files of a policy set whose changes need several signers (four-eyes principle). The manifest, which says so, is always among them. Immutable.</summary>
/// <param name="Paths">Files, or folders with all that is in them, from the folder of the manifest; <c>.</c> stands for all.</param>
/// <param name="Signers">How many different signers it takes, from 1.</param>
public sealed record ProtectedPaths(ImmutableArray<string> Paths, int Signers)
{
    internal const string Everything = ".";

    /// <summary>Whether a file is one of them.</summary>
    /// <param name="path">The file's path from the folder of the manifest.</param>
    public bool Covers(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path == PolicySetReader.Manifest || Paths.Any(named => IsAt(named, path));
    }

    /// <summary>Whether a path is what is named, or lies in it.</summary>
    internal static bool IsAt(string named, string path)
    {
        string trimmed = named.TrimEnd('/');
        return trimmed == Everything || path == trimmed || (path.Length > trimmed.Length && path[trimmed.Length] == '/' && path.StartsWith(trimmed, StringComparison.Ordinal));
    }
}
