using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary>Reads a policy set from a folder of the disk, where an author edits it.</summary>
internal static class PolicyFolder
{
    private const string Manifest = "policyset.yaml";

    /// <summary>As large as the decision point takes it: what is valid here must be valid there.</summary>
    private const long LargestFile = 8 << 20;

    /// <summary>
    /// The manifest, and every <c>*.m2m</c>, <c>*.m2m.yaml</c> and <c>*.attributes.yaml</c> of the folder and the folders below it, by path in
    /// ordinal order. Folders whose name begins with a dot are passed over.
    /// </summary>
    /// <exception cref="CannotRunException">The folder is not there, or a file in it cannot be read, is not UTF-8, or is a symbolic link.</exception>
    public static IReadOnlyList<SourceFile> Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CannotRunException(File.Exists(folder) ? $"{folder} is a file; a policy set is a folder" : $"there is no folder {folder}");
        try
        {
            return [.. FilesOf(new DirectoryInfo(folder), "").OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => Load(file.Path, file.Info))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"{folder} cannot be read: {failure.Message}", failure);
        }
    }

    private static IEnumerable<(string Path, FileInfo Info)> FilesOf(DirectoryInfo folder, string prefix)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            string path = prefix + entry.Name;
            // The decision point refuses a commit with one: what it names may lie outside what was reviewed.
            if (entry.LinkTarget is not null)
                throw new CannotRunException($"{path} is a symbolic link, and a policy set may hold none; put the file itself there");
            if (entry is FileInfo file && IsPolicyFile(path))
                yield return (path, file);
            if (entry is DirectoryInfo below && !entry.Name.StartsWith('.'))
            {
                foreach ((string Path, FileInfo Info) found in FilesOf(below, path + "/"))
                    yield return found;
            }
        }
    }

    private static bool IsPolicyFile(string path) =>
        path == Manifest || PolicyFormatter.SpellingOf(path) is not null || path.EndsWith(".attributes.yaml", StringComparison.Ordinal);

    private static SourceFile Load(string path, FileInfo file)
    {
        if (file.Length > LargestFile)
            throw new CannotRunException($"{path} has {file.Length:N0} bytes; the largest policy file may have {LargestFile:N0}");
        return new SourceFile(path, Utf8.Decode(File.ReadAllBytes(file.FullName), path));
    }
}
