using System.Globalization;
using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary>Reads what the tests of a policy set are made of: the tests, their contexts, and the snapshots that were accepted.</summary>
internal static class TestFolder
{
    private const long LargestFile = 8 << 20;

    /// <summary>
    /// The <c>*.tests.yaml</c>, <c>*.json</c> and <c>*.snapshot.txt</c> of a folder and the folders below it. Those whose name begins with a dot are passed over;
    /// a link that has the name of a test or a snapshot is among them as unreadable, and links of other names <see cref="PolicyFolder"/> has.
    /// </summary>
    /// <exception cref="CannotRunException">The folder, or a file in it, cannot be read.</exception>
    public static IReadOnlyList<SourceFile> Read(string folder)
    {
        var found = new List<SourceFile>();
        Add(folder, "", found);
        return found;
    }

    /// <summary>Whether a file has the name of a context, which tests may name.</summary>
    public static bool IsContext(string path) => path.EndsWith(".json", StringComparison.Ordinal);

    private static void Add(string folder, string prefix, List<SourceFile> found)
    {
        string here = Path.Combine(folder, prefix);
        foreach (FileSystemInfo entry in FileFault.Reading(here, () => new DirectoryInfo(here).GetFileSystemInfos()).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (entry.Name.StartsWith('.'))
                continue;
            string path = prefix + entry.Name;
            if (entry.LinkTarget is not null)
            {
                if (SourceNames.IsTest(path))
                    found.Add(new SourceFile(path, "", PolicyFolder.IsLink));
            }
            else if (entry is DirectoryInfo)
                Add(folder, $"{path}/", found);
            else if (entry is FileInfo file && (SourceNames.IsTest(path) || IsContext(path)))
                found.Add(FileFault.Reading(Path.Combine(folder, path), () => Load(path, file)));
        }
    }

    private static SourceFile Load(string path, FileInfo file)
    {
        if (file.Length > LargestFile)
            return new SourceFile(path, "", string.Create(CultureInfo.InvariantCulture, $"it has {file.Length:N0} bytes; split it"));
        return Utf8.TryDecode(RegularFile.ReadAllBytes(file), out string? text, out int badByte)
            ? new SourceFile(path, text)
            : new SourceFile(path, "", $"it is not UTF-8 from byte {badByte} on; save it as UTF-8");
    }
}
