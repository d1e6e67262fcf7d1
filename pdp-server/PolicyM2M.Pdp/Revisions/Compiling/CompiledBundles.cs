using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>
/// Keeps what commits compiled to, so that a restart serves at once what it served before: a commit has earned it once, and the same program would come to the same bundle. Whether a commit may be served
/// (who signed it, what
/// it follows) is asked each time, as it is without. A file that cannot be used or written is as good as none. Safe for all threads: files are written whole.
/// </summary>
internal sealed class CompiledBundles(string path)
{
    private const string Extension = ".compiled";

    private long _missed, _found;

    /// <summary>How often there was nothing, and how often there was what a commit compiled to.</summary>
    public (long Missed, long Found) Looks => (Interlocked.Read(ref _missed), Interlocked.Read(ref _found));

    /// <summary>What a commit compiled to; null where nobody knows.</summary>
    public CompiledRevision? Find(string commit, string folder)
    {
        CompiledRevision? found = Read(commit, folder);
        Interlocked.Increment(ref found is null ? ref _missed : ref _found);
        return found;
    }

    /// <summary>Keeps what a good commit compiled to.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="folder">The folder of its policy set.</param>
    /// <param name="file">What <see cref="CompiledFile"/> wrote.</param>
    public void Keep(string commit, string folder, ReadOnlySpan<byte> file)
    {
        try
        {
            PrivateFile.CreateFolder(path);
            PrivateFile.Replace(FileOf(commit, folder), file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is compiled again at the next start.
        }
    }

    /// <summary>Removes all but what these commits compiled to.</summary>
    public void KeepOnly(IEnumerable<string> commits)
    {
        HashSet<string> kept = [.. commits];
        try
        {
            if (!Directory.Exists(path))
                return;
            foreach (string file in Directory.EnumerateFiles(path, $"*{Extension}").Where(file => !kept.Contains(Path.GetFileName(file).Split('-')[0])))
                File.Delete(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next time, then.
        }
    }

    private CompiledRevision? Read(string commit, string folder)
    {
        try
        {
            string file = FileOf(commit, folder);
            return File.Exists(file) ? CompiledFile.Read(File.ReadAllBytes(file), commit, folder) : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    private string FileOf(string commit, string folder) => Path.Combine(path, $"{commit}-{RevisionCompiler.Hash($"{RevisionCompiler.Identity} {folder}")}{Extension}");
}
