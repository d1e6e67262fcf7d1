using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Looks at the tiles and bundles that a start makes anew from the journal: one that holds anything else than what was signed is evidence, and is kept. So are the partial ones that a process left that was killed.
/// </summary>
internal static class TileCheck
{
    private const string Aside = "altered";

    /// <summary>Moves what was altered, or damaged, out of the way; what is missing is no evidence, but it is told.</summary>
    /// <param name="folder">The log.</param>
    /// <param name="size">How many records were signed.</param>
    /// <param name="from">The first record of the journal, which begins a bundle.</param>
    /// <param name="entries">The records of the journal.</param>
    /// <returns>What was moved, and what was missing, for people.</returns>
    public static IEnumerable<string> KeepAltered(LogFolder folder, long size, long from, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries)
    {
        List<string> kept = [];
        int missing = 0;
        for (long number = from; number < size; number += TilePath.Width)
        {
            long bundle = number / TilePath.Width;
            int width = (int)Math.Min(TilePath.Width, size - number);
            (byte[] Entry, TreeHash Leaf)[] signed = [.. entries.Skip((int)(number - from)).Take(width)];
            Compare(TilePath.Entries(bundle), TilePath.Entries(bundle, width), length => EntryBundle.Write([.. signed.Take(length).Select(entry => entry.Entry)]));
            Compare(TilePath.Hashes(0, bundle), TilePath.Hashes(0, bundle, width), length => TreeHash.Bytes([.. signed.Take(length).Select(entry => entry.Leaf)]));

            void Compare(string whole, string counts, Func<int, byte[]> bytes)
            {
                missing += width == TilePath.Width && !IsThere(folder.At(whole)) ? 1 : 0;
                KeepOther(counts, bytes(width), "made anew from the journal");
                foreach ((string partial, int length) in folder.PartialsOf(whole).Where(partial => partial.File != counts && partial.Width > 0 && partial.Width <= width))
                    KeepOther(partial, bytes(length), "of an earlier checkpoint, so that nothing takes its place");
            }
        }
        if (missing > 0)
            kept.Add($"whole files of tiles and entries that a checkpoint covers were not there, {missing} in number, and were made anew from the journal");
        return kept;

        // Where the power failed, what was written last may have a name and no bytes yet.
        static bool IsThere(string file) => new FileInfo(file) is { Exists: true, Length: > 0 };

        void KeepOther(string relative, byte[] signed, string then)
        {
            string file = folder.At(relative);
            if (!IsThere(file) || OrdinaryFile.Read(file, EntryBundle.LongestBundle).AsSpan().SequenceEqual(signed))
                return;
            string aside = LogFolder.KeepAside(file, folder.At(Path.Combine(Aside, relative)));
            File.Delete(file);
            kept.Add($"{relative} was altered, or damaged; what it held is kept as {folder.Relative(aside)}, and it was {then}");
        }
    }
}
