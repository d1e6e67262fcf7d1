using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>A tile of hashes or a bundle of entries as it was read, from whichever of its forms was there.</summary>
/// <param name="File">The path of that form, from the log's folder on.</param>
/// <param name="Bytes">What it holds.</param>
internal sealed record TileFile(string File, byte[] Bytes)
{
    /// <summary>Its first hashes; null where it holds fewer.</summary>
    public TreeHash[]? Hashes(int width)
    {
        if (Bytes.Length < width * TreeHash.Length)
            return null;
        var hashes = new TreeHash[width];
        for (int i = 0; i < width; i++)
            hashes[i] = new TreeHash(Bytes.AsSpan(i * TreeHash.Length, TreeHash.Length));
        return hashes;
    }
}
