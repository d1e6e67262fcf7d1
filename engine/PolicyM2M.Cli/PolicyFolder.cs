using System.Globalization;
using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary>Reads a policy set from a folder of the disk, where an author edits it.</summary>
internal static class PolicyFolder
{
    public const string Manifest = "policyset.yaml";

    /// <summary>Why a link cannot be a file of a set.</summary>
    public const string IsLink = "it is a symbolic link; put the file or the folder itself there";

    /// <summary>As large as the decision point takes it: what is valid here must be valid there.</summary>
    private const long LargestFile = 8 << 20;

    /// <summary>
    /// The manifest, and every <c>*.m2m</c>, <c>*.m2m.yaml</c> and <c>*.attributes.yaml</c> of the folder and the folders below it, by path in
    /// ordinal order. Folders whose name begins with a dot are passed over. A file that is too large or no UTF-8, and a symbolic link of whatever name, is among them as
    /// unreadable: the compiler says so beside the faults of the others. Links with the names of tests are <see cref="TestFolder"/>'s.
    /// </summary>
    /// <exception cref="CannotRunException">The folder is not there, or a file in it cannot be read.</exception>
    public static IReadOnlyList<SourceFile> Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CannotRunException(File.Exists(folder) ? $"`{folder}` is a file; a policy set is a folder" : $"there is no folder `{folder}`");
        return [.. FilesOf(folder, "").OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => FileFault.Reading(Path.Combine(folder, file.Path), () => Load(file.Path, file.Entry)))];
    }

    private static IEnumerable<(string Path, FileSystemInfo Entry)> FilesOf(string folder, string prefix)
    {
        string here = Path.Combine(folder, prefix);
        foreach (FileSystemInfo entry in FileFault.Reading(here, () => new DirectoryInfo(here).GetFileSystemInfos()))
        {
            string path = prefix + entry.Name;
            bool isLink = entry.LinkTarget is not null;
            if (!isLink && entry is DirectoryInfo && path == Manifest)
                yield return (path, entry);
            else if (isLink ? !SourceNames.IsTest(path) : entry is FileInfo && SourceNames.IsSource(path))
                yield return (path, entry);
            else if (!isLink && entry is DirectoryInfo && !entry.Name.StartsWith('.'))
            {
                foreach ((string Path, FileSystemInfo Entry) found in FilesOf(folder, path + "/"))
                    yield return found;
            }
        }
    }

    private static SourceFile Load(string path, FileSystemInfo entry)
    {
        // The decision point refuses a commit with one: what it names may lie outside what was reviewed.
        if (entry.LinkTarget is not null)
            return new SourceFile(path, "", IsLink);
        if (entry is DirectoryInfo)
            return new SourceFile(path, "", "it is a folder; the manifest is a file");
        if (((FileInfo)entry).Length is > LargestFile and var length)
            return new SourceFile(path, "", string.Create(CultureInfo.InvariantCulture, $"it has {length:N0} bytes; split it"));
        return Utf8.TryDecode(RegularFile.ReadAllBytes((FileInfo)entry), out string? text, out int badByte)
            ? new SourceFile(path, text)
            : new SourceFile(path, "", $"it is not UTF-8 from byte {badByte} on; save it as UTF-8");
    }
}
