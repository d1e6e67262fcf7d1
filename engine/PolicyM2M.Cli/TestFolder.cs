using System.Globalization;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.PolicyTests;

namespace PolicyM2M.Cli;

/// <summary>Reads what the tests of a policy set are made of: the tests, their contexts, and the snapshots that were accepted.</summary>
internal static class TestFolder
{
    private const long LargestFile = 8 << 20;

    /// <summary>The <c>*.tests.yaml</c>, <c>*.json</c> and <c>*.snapshot.txt</c> of a folder and the folders below it. Those whose name begins with a dot are passed over, and so are links.</summary>
    /// <exception cref="CannotRunException">The folder, or a file in it, cannot be read.</exception>
    public static IReadOnlyList<SourceFile> Read(string folder)
    {
        try
        {
            var found = new List<SourceFile>();
            Add(new DirectoryInfo(folder), "", found);
            return found;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"`{folder}` cannot be read: {failure.Message}", failure);
        }
    }

    private static void Add(DirectoryInfo folder, string prefix, List<SourceFile> found)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (entry.LinkTarget is not null || entry.Name.StartsWith('.'))
                continue;
            if (entry is DirectoryInfo below)
                Add(below, $"{prefix}{entry.Name}/", found);
            else if (entry is FileInfo file && (entry.Name.EndsWith(PolicyTestRun.TestExtension, StringComparison.Ordinal) || entry.Name.EndsWith(".json", StringComparison.Ordinal)
                         || entry.Name.EndsWith(PolicyTestRun.SnapshotExtension, StringComparison.Ordinal)))
                found.Add(Load(prefix + entry.Name, file));
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
