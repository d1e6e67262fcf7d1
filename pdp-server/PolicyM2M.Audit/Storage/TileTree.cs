using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>The hashes of a log of so many records, read from its tiles.</summary>
internal sealed class TileTree(LogFolder folder, long size)
{
    /// <summary>The hash of a whole subtree.</summary>
    /// <exception cref="AuditLogException">A tile that it takes is not there.</exception>
    public TreeHash WholeSubtree(int level, long index)
    {
        int tiles = level / TilePath.Height, within = level % TilePath.Height;
        long first = index << within, tile = first / TilePath.Width;
        int from = (int)(first % TilePath.Width), count = 1 << within;
        if (folder.ReadHashes(tiles, tile, WidthOf(tiles, tile)) is { } hashes && hashes.Length >= from + count)
            return Join(hashes.AsSpan(from, count));
        // A tile that is not whole goes when it has grown, and what it said is told by the whole ones below it.
        if (tiles == 0)
            throw new AuditLogException($"the tile {TilePath.Hashes(tiles, tile)} is not there, or not whole");
        return Join([.. Enumerable.Range(0, count).Select(i => OfTileBelow(tiles - 1, first + i))]);
    }

    private TreeHash OfTileBelow(int tiles, long tile) => TreeHash.OfNode(WholeSubtree(tiles * TilePath.Height + TilePath.Height - 1, tile * 2), WholeSubtree(tiles * TilePath.Height + TilePath.Height - 1, tile * 2 + 1));

    /// <summary>How many hashes of a tile this log has.</summary>
    public int WidthOf(int level, long tile)
    {
        long hashes = size >> (level * TilePath.Height);
        return (int)Math.Min(TilePath.Width, Math.Max(0, hashes - tile * TilePath.Width));
    }

    /// <summary>The root of hashes whose number is a power of two.</summary>
    public static TreeHash Join(ReadOnlySpan<TreeHash> hashes) => hashes.Length == 1
        ? hashes[0]
        : TreeHash.OfNode(Join(hashes[..(hashes.Length / 2)]), Join(hashes[(hashes.Length / 2)..]));
}
