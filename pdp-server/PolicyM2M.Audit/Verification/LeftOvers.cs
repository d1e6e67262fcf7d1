using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>
/// Partial tiles and bundles that stand beside the one that counts: those of the checkpoint before, and those of a process that was killed. Whoever goes by an earlier checkpoint reads them, so they must be what was
/// signed. Those of a width that no checkpoint covers yet nothing vouches for.
/// </summary>
internal sealed class LeftOvers(LogFolder folder, ReadFiles files, Findings findings)
{
    /// <summary>Holds the partial forms of a tile of hashes against its hashes.</summary>
    /// <param name="whole">The path of the whole tile.</param>
    /// <param name="counts">The path of the form that counts, which is looked at elsewhere; null where there is none.</param>
    /// <param name="width">How many hashes were signed.</param>
    /// <param name="isSigned">Whether a hash may be the one in a place.</param>
    public void CheckHashes(string whole, string? counts, int width, Func<int, TreeHash, bool> isSigned) =>
        Check(whole, counts, width, isSigned, TilePath.Width * TreeHash.Length, (bytes, wanted) => bytes.Length == wanted * TreeHash.Length ? new TileFile(whole, bytes).Hashes(wanted) : null);

    /// <summary>Holds the partial forms of a bundle of entries against the hashes of its entries.</summary>
    /// <inheritdoc cref="CheckHashes"/>
    public void CheckEntries(string whole, string? counts, int width, Func<int, TreeHash, bool> isSigned) =>
        Check(whole, counts, width, isSigned, EntryBundle.LongestBundle, LeavesOf);

    private void Check(string whole, string? counts, int width, Func<int, TreeHash, bool> isSigned, long most, Func<byte[], int, IReadOnlyList<TreeHash>?> read)
    {
        foreach ((string file, int partial) in folder.PartialsOf(whole))
        {
            // The log may be written meanwhile: what goes while it is looked for was not needed any more.
            if (file == counts || partial == 0 || partial > width || files.File(folder.At(file), most) is not { } bytes)
                continue;
            if (read(bytes, partial) is not { } hashes || hashes.Where((hash, place) => !isSigned(place, hash)).Any())
                findings.Add(null, file, "this form of the tile is of an earlier checkpoint, and is not what was signed: it was altered, or damaged");
        }
    }

    private static List<TreeHash>? LeavesOf(byte[] bytes, int width)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> entries = EntryBundle.Read(bytes, out bool isWhole);
        return isWhole && entries.Count == width ? [.. entries.Select(entry => TreeHash.OfLeaf(entry.Span))] : null;
    }
}
