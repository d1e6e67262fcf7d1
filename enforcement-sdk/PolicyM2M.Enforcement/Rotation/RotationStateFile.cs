using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// The state on disk: the last one, and the one before it. A power cut leaves one of both whole; a disk that damages the last one costs one transition, and
/// that is made again. So files that either of them names must stay.
/// </summary>
internal sealed class RotationStateFile(string folder, string device)
{
    private const long LargestFile = 1 << 20;

    private readonly string _last = Path.Combine(folder, "state.json"), _before = Path.Combine(folder, "state.before.json");

    /// <summary>The last state that is whole; null where none is.</summary>
    /// <param name="damage">What was wrong with each that was not whole.</param>
    public RotationState? Load(out IReadOnlyList<string> damage)
    {
        var found = new List<string>();
        damage = found;
        return Read(_last, found) ?? Read(_before, found);
    }

    /// <summary>Writes the next state.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone; a state from before is still there.</exception>
    public void Save(RotationState state)
    {
        byte[] content = RotationStateFormat.Write(state);
        // What is there already need not be written: an agent that starts with a full disk goes on by what it has.
        if (IsThere(content))
            return;
        string next = $"{_last}.next";
        File.Delete(next);
        WholeFile.WriteNew(next, content);
        // A last state that is damaged must not push out the whole one.
        if (Read(_last, []) is not null)
            File.Move(_last, _before, overwrite: true);
        File.Move(next, _last, overwrite: true);
        FolderSync.Flush(folder);
    }

    /// <summary>All credentials that a state on disk names.</summary>
    public IReadOnlySet<string> Named() => new[] { Read(_last, []), Read(_before, []) }.OfType<RotationState>().SelectMany(state => state.Fingerprints).ToHashSet(StringComparer.Ordinal);

    private bool IsThere(byte[] content)
    {
        try
        {
            return BoundedFile.Read(_last, LargestFile).AsSpan().SequenceEqual(content);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private RotationState? Read(string path, List<string> damage)
    {
        try
        {
            return Path.Exists(path) ? RotationStateFormat.Read(BoundedFile.Read(path, LargestFile), device) : null;
        }
        catch (Exception unusable) when (unusable is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            damage.Add($"{Path.GetFileName(path)}: {unusable.Message}");
            return null;
        }
    }
}
