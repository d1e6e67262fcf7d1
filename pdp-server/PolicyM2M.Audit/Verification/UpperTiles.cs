using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>The tiles above the first level: they say nothing new, and where they are wrong, proofs are.</summary>
internal sealed class UpperTiles(LogFolder folder, ReadFiles files, LeftOvers leftOvers, Findings findings)
{
    /// <summary>The hashes of each level; of the first one only those of the tile that is not whole yet.</summary>
    private readonly List<List<TreeHash>> _levels = [[]];

    /// <summary>Takes the hash of the next record, and keeps that of each whole tile for the level above.</summary>
    public void Append(TreeHash hash)
    {
        _levels[0].Add(hash);
        for (int level = 0; _levels[level].Count % TilePath.Width == 0; level++)
        {
            if (level + 1 == _levels.Count)
                _levels.Add([]);
            _levels[level + 1].Add(TileTree.Join(_levels[level].ToArray().AsSpan(_levels[level].Count - TilePath.Width)));
            if (level == 0)
                _levels[0].Clear();
            if (_levels[level + 1].Count % TilePath.Width != 0)
                break;
        }
    }

    /// <summary>Holds the tiles against the hashes that were taken.</summary>
    /// <param name="size">How many records were signed.</param>
    public void Check(long size)
    {
        var tree = new TileTree(folder, size);
        for (int level = 1; level < _levels.Count; level++)
        {
            for (int from = 0; from < _levels[level].Count; from += TilePath.Width)
            {
                long tile = from / TilePath.Width;
                Check(level, tile, _levels[level].Slice(from, tree.WidthOf(level, tile)));
            }
        }
    }

    private void Check(int level, long tile, List<TreeHash> signed)
    {
        TileFile? file = files.Hashes(level, tile, signed.Count);
        TreeHash[]? hashes = file?.Hashes(signed.Count);
        if (hashes is null)
        {
            if (!files.IsRefused(TilePath.Hashes(level, tile)))
                findings.Add(null, file?.File ?? TilePath.Hashes(level, tile, signed.Count), "the tile of hashes is missing or too short");
        }
        else if (!signed.SequenceEqual(hashes))
        {
            findings.Add(null, file!.File, "the tile of hashes is not that of the tiles below it");
        }
        // Where the two differ it is the tiles below that may be wrong.
        leftOvers.CheckHashes(TilePath.Hashes(level, tile), file?.File, signed.Count, (place, hash) => hash == signed[place] || hash == hashes?[place]);
    }
}
