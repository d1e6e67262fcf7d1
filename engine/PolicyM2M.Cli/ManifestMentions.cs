namespace PolicyM2M.Cli;

/// <summary>Where the manifest of a policy set names one of its files.</summary>
internal static class ManifestMentions
{
    /// <summary>The lines of the nearest manifest, in the folder of a file or above it, that name the file; with the manifest's path from the folder in which the command runs.</summary>
    public static IEnumerable<(string Manifest, int Line)> Of(PolicyFile file)
    {
        for (DirectoryInfo? folder = Directory.GetParent(file.FullPath); folder is not null; folder = folder.Parent)
        {
            var manifest = new FileInfo(Path.Combine(folder.FullName, PolicyFolder.Manifest));
            if (!manifest.Exists)
                continue;
            string name = Path.GetRelativePath(folder.FullName, file.FullPath).Replace('\\', '/');
            string shown = Path.GetRelativePath(Directory.GetCurrentDirectory(), manifest.FullName);
            string[] lines = Read(manifest);
            for (int i = 0; i < lines.Length; i++)
            {
                if (Words(lines[i]).Contains(name))
                    yield return (shown, i + 1);
            }
            yield break;
        }
    }

    /// <summary>What stands in a line of a manifest before its comment, without the signs of YAML around it.</summary>
    private static string[] Words(string line) =>
        line.Split('#')[0].Split([' ', '\t', ',', '[', ']', '{', '}', '"', '\''], StringSplitOptions.RemoveEmptyEntries);

    private static string[] Read(FileInfo manifest)
    {
        try
        {
            return Utf8.TryDecode(RegularFile.ReadAllBytes(manifest), out string? text, out _) ? text.Split('\n') : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is a reminder: the conversion is done, and `m2m check` says what is wrong with the manifest.
            return [];
        }
    }
}
