namespace PolicyM2M.Cli;

/// <summary>Writes files so that there is the old one or the new one, whenever the process ends.</summary>
internal static class WholeFile
{
    /// <summary>Writes the bytes beside the file and then puts them in its place.</summary>
    /// <param name="path">The file as the user knows it.</param>
    /// <param name="bytes">All that it will hold.</param>
    /// <exception cref="CannotRunException">It cannot be written; what was there is still there.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string whole = Path.GetFullPath(path), beside = $"{whole}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            if (!OperatingSystem.IsWindows() && File.Exists(whole))
                File.SetUnixFileMode(beside, File.GetUnixFileMode(whole));
            File.Move(beside, whole, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(beside))
                File.Delete(beside);
            throw new CannotRunException($"{path} cannot be written: {failure.Message}", failure);
        }
    }
}
