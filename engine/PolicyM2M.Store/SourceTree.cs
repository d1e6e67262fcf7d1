using LibGit2Sharp;
using PolicyM2M.Compiler;

namespace PolicyM2M.Store;

/// <summary>Reads the files of a policy set from a Git tree.</summary>
internal sealed class SourceTree
{
    private readonly List<SourceFile> _sources = [];
    private int _entries;
    private long _bytes;

    private SourceTree()
    {
    }

    /// <summary>All sources below a tree, in ordinal order of their paths.</summary>
    /// <exception cref="PolicyStoreException">The tree holds what no policy set may.</exception>
    public static IReadOnlyList<SourceFile> Read(Tree tree)
    {
        var reader = new SourceTree();
        reader.Add(tree, "", 1);
        return [.. reader._sources.OrderBy(source => source.Path, StringComparer.Ordinal)];
    }

    /// <summary>The ids of the content of those files below a tree that are asked for; what is no file has that of what it is.</summary>
    /// <exception cref="PolicyStoreException">The tree holds more than a policy set may.</exception>
    public static Dictionary<string, string> ContentIds(Tree tree, Func<string, bool> isAskedFor)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Stack<(Tree Tree, string Folder, int Depth)>([(tree, "", 1)]);
        int entries = 0;
        while (open.TryPop(out (Tree Tree, string Folder, int Depth) next))
        {
            foreach (TreeEntry entry in next.Tree)
            {
                string path = next.Folder + entry.Name;
                if (++entries > SourceLimits.MaximumEntries || next.Depth > SourceLimits.MaximumDepth)
                    throw new PolicyStoreException("the policy set holds more files and folders than one may");
                if (entry.Mode == Mode.Directory)
                    open.Push(((Tree)entry.Target, path + "/", next.Depth + 1));
                else if (isAskedFor(path))
                    ids[path] = $"{entry.Mode} {entry.Target.Sha}";
            }
        }
        return ids;
    }

    private void Add(Tree tree, string folder, int depth)
    {
        if (depth > SourceLimits.MaximumDepth)
            throw new PolicyStoreException($"`{folder}` is nested more than {SourceLimits.MaximumDepth} folders deep; move it further up");
        foreach (TreeEntry entry in tree)
        {
            string path = folder + entry.Name;
            if (++_entries > SourceLimits.MaximumEntries)
                throw new PolicyStoreException($"the policy set holds more than {SourceLimits.MaximumEntries} files and folders; keep other files elsewhere");
            if (path.Any(c => char.IsControl(c) || c == '\uFFFD'))
                throw new PolicyStoreException($"a file name in `{folder}` has control characters or is not UTF-8; rename it");
            switch (entry.Mode)
            {
                case Mode.Directory:
                    Add((Tree)entry.Target, path + "/", depth + 1);
                    break;
                case Mode.SymbolicLink:
                    // It could name what is outside of the set or of the commit, and be followed by what people review with; or stand where a folder of tests was, which would then be gone without a word.
                    throw new PolicyStoreException($"`{path}` is a symbolic link; commit the file or the folder itself");
                case Mode.GitLink:
                    throw new PolicyStoreException($"`{path}` is a submodule, whose files are not part of this commit; commit them here");
                default:
                    Add((Blob)entry.Target, path);
                    break;
            }
        }
    }

    private void Add(Blob blob, string path)
    {
        if (blob.Size > SourceLimits.MaximumFileBytes)
        {
            if (IsOfTheSet(path))
                throw new PolicyStoreException($"`{path}` has {blob.Size} bytes, and a source may have {SourceLimits.MaximumFileBytes}; split it");
            return;
        }

        if (!SourceDecoding.TryDecode(Bytes(blob), out string? text))
        {
            if (IsOfTheSet(path))
                throw new PolicyStoreException($"`{path}` is not UTF-8 text; save it as UTF-8");
            return;
        }

        _sources.Add(new SourceFile(path, text));
        _bytes += blob.Size;
        if (_sources.Count > SourceLimits.MaximumFiles)
            throw new PolicyStoreException($"the policy set holds more than {SourceLimits.MaximumFiles} files; keep other files elsewhere");
        if (_bytes > SourceLimits.MaximumTotalBytes)
            throw new PolicyStoreException($"the policy set holds more than {SourceLimits.MaximumTotalBytes} bytes; keep other files elsewhere");
    }

    /// <summary>Whether the set, or a test of it, would be another without the file. Any other is read where it is text, since a test may name it, and else left out.</summary>
    private static bool IsOfTheSet(string path) => SourceNames.IsSource(path) || SourceNames.IsTest(path);

    /// <summary>The bytes as committed: no filter, no line-end conversion, since those depend on the machine.</summary>
    private static byte[] Bytes(Blob blob)
    {
        using Stream content = blob.GetContentStream();
        var bytes = new byte[blob.Size];
        content.ReadExactly(bytes);
        return bytes;
    }
}
