using System.Globalization;

namespace PolicyM2M.Audit.Storage;

/// <summary>Finds the next bundle of entries that is there, where many before it were removed: by what the folders hold, and not by trying each of what may be years of bundles.</summary>
internal static class BundleSearch
{
    /// <summary>A folder holds a thousand bundles, whose names are three digits, and a thousand folders, with a mark before these (C2SP tlog-tiles).</summary>
    private const int Each = 1_000, Digits = 3;

    private const string FolderMark = "x";

    /// <summary>The most folders in each other: those of 256 times 10^15 records.</summary>
    private const int Deepest = 4;

    /// <summary>The first whole bundle from one on; null where there is none.</summary>
    /// <param name="folder">The log.</param>
    /// <param name="from">The number of a bundle.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="OperationCanceledException">It gave up.</exception>
    public static long? Next(LogFolder folder, long from, CancellationToken cancellation)
    {
        string root = folder.At(TilePath.EntriesFolder);
        if (!Directory.Exists(root))
            return null;
        long first = 0;
        for (int depth = 0; depth <= Deepest; depth++)
        {
            if (Next(root, 0, depth, Math.Max(from, first), cancellation) is { } next)
                return next;
            first = Math.Max(first, 1) * Each;
        }
        return null;
    }

    /// <summary>The first from one on of those that lie so many folders further down.</summary>
    private static long? Next(string path, long number, int depth, long from, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (depth == 0)
            return Numbers(Directory.EnumerateFiles(path), "").Select(last => number * Each + last).Where(bundle => bundle >= from).Select(bundle => (long?)bundle).Min();
        long below = (long)Math.Pow(Each, depth);
        foreach (long within in Numbers(Directory.EnumerateDirectories(path), FolderMark).Order().Select(last => number * Each + last).Where(within => (within + 1) * below > from))
        {
            if (Next(Path.Combine(path, $"{FolderMark}{within % Each:000}"), within, depth - 1, from, cancellation) is { } next)
                return next;
        }
        return null;
    }

    private static IEnumerable<long> Numbers(IEnumerable<string> paths, string mark)
    {
        foreach (string path in paths)
        {
            ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
            if (name.Length == mark.Length + Digits && name.StartsWith(mark) && int.TryParse(name[mark.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                yield return number;
        }
    }
}
