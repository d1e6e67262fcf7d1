using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>Looks at the tiles and bundles that a start makes anew from the journal: one that holds anything else than what was signed is evidence, and is kept.</summary>
internal static class TileCheck
{
    private const string Aside = "altered";

    /// <summary>Moves what was altered, or damaged, out of the way; what is missing is no evidence.</summary>
    /// <param name="folder">The log.</param>
    /// <param name="size">How many records were signed.</param>
    /// <param name="from">The first record of the journal, which begins a bundle.</param>
    /// <param name="entries">The records of the journal.</param>
    /// <returns>What was moved, for people.</returns>
    public static IEnumerable<string> KeepAltered(LogFolder folder, long size, long from, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries)
    {
        List<string> kept = [];
        for (long number = from; number < size; number += TilePath.Width)
        {
            int width = (int)Math.Min(TilePath.Width, size - number);
            (byte[] Entry, TreeHash Leaf)[] signed = [.. entries.Skip((int)(number - from)).Take(width)];
            Compare(TilePath.Entries(number / TilePath.Width, width), EntryBundle.Write([.. signed.Select(entry => entry.Entry)]));
            Compare(TilePath.Hashes(0, number / TilePath.Width, width), TreeHash.Bytes([.. signed.Select(entry => entry.Leaf)]));
        }
        return kept;

        void Compare(string relative, byte[] signed)
        {
            string file = folder.At(relative);
            if (!File.Exists(file) || File.ReadAllBytes(file).AsSpan().SequenceEqual(signed))
                return;
            string aside = LogFolder.KeepAside(file, folder.At(Path.Combine(Aside, relative)));
            File.Delete(file);
            kept.Add($"{relative} was altered, or damaged; what it held is kept as {folder.Relative(aside)}, and it was made anew from the journal");
        }
    }
}
