namespace PolicyM2M.Enforcement.Storing;

/// <summary>Files that are always whole, because a new one is written beside and takes the name. Only their owner may read them, where nothing else is said.</summary>
internal static class WholeFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes the content so that whenever the power goes, either the old file or the new one is there, whole.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone; what was there before is still there.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly)
    {
        string next = path + ".next";
        // What a power cut or somebody else left there is not written into: its permissions would be theirs.
        File.Delete(next);
        WriteNew(next, content, mode);
        File.Move(next, path, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Writes a file that is not there yet, down to the disk.</summary>
    /// <exception cref="IOException">It is there, or cannot be written.</exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var file = new FileStream(path, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Makes a folder that only its owner can look into; one that is there stays as it is.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }
}
