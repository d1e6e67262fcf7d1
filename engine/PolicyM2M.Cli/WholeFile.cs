namespace PolicyM2M.Cli;

/// <summary>Writes files so that there is the old one or the new one, whenever the process ends.</summary>
internal static class WholeFile
{
    /// <summary>Writes the bytes beside the file and then puts them in its place. What is no file, such as a device or a pipe, is written to as it is, and a link is followed.</summary>
    /// <param name="path">The file as the user knows it.</param>
    /// <param name="bytes">All that it will hold.</param>
    /// <exception cref="CannotRunException">It cannot be written; what was there is still there.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string beside = "";
        try
        {
            string whole = Path.GetFullPath(path);
            if (WroteInPlace(whole, bytes))
                return;
            if (new FileInfo(whole).LinkTarget is not null)
                whole = File.ResolveLinkTarget(whole, returnFinalTarget: true)!.FullName;
            beside = $"{whole}.{Environment.ProcessId}.tmp";
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            if (!OperatingSystem.IsWindows() && File.Exists(whole))
                File.SetUnixFileMode(beside, File.GetUnixFileMode(whole));
            File.Move(beside, whole, overwrite: true);
        }
        catch (Exception failure) when (FileFault.IsOfFiles(failure))
        {
            if (File.Exists(beside))
                File.Delete(beside);
            string reason = Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder) ? $"there is no folder `{folder}`"
                : beside.Length > 0 && failure is FileNotFoundException ? "its folder takes no new files"
                : FileFault.Of(failure);
            throw new CannotRunException($"{path} cannot be written: {reason}", failure);
        }
    }

    /// <summary>Moving a file over <c>/dev/null</c> would take it from everybody.</summary>
    private static bool WroteInPlace(string whole, ReadOnlySpan<byte> bytes)
    {
        if (!File.Exists(whole))
            return false;
        using var there = new FileStream(whole, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        bool isDevice = whole.StartsWith("/dev/", StringComparison.Ordinal) || whole.StartsWith("/proc/", StringComparison.Ordinal);
        if (there.CanSeek && !isDevice)
            return false;
        there.Write(bytes);
        return true;
    }
}
