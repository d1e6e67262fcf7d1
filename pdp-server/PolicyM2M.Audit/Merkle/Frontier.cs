using System.Numerics;

namespace PolicyM2M.Audit.Merkle;

/// <summary>
/// What a writer must remember of a log to append to it: the hashes of its largest whole subtrees, one for each bit that is set in the
/// number of records, largest first. It is changed by each record, and belongs to one writer: nothing in it is safe for two threads.
/// </summary>
internal sealed class Frontier
{
    private readonly List<TreeHash> _subtrees = [];

    /// <summary>How many records the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>The root of the tree as it is now (RFC 6962, section 2.1).</summary>
    public TreeHash Root => RootOf(_subtrees.Count);

    /// <summary>The root of the tree of its first records, as many as fill whole subtrees of a height.</summary>
    public TreeHash RootOfWhole(int height) => RootOf(BitOperations.PopCount((ulong)(Size >> height)));

    /// <summary>What a writer would remember who had appended the first <paramref name="size"/> records.</summary>
    public static Frontier Of(long size, WholeSubtree nodes)
    {
        var frontier = new Frontier { Size = size };
        long done = 0;
        for (int level = BitOperations.Log2((ulong)size | 1); level >= 0; level--)
        {
            if ((size >> level & 1) == 0)
                continue;
            frontier._subtrees.Add(nodes(level, done >> level));
            done += 1L << level;
        }
        return frontier;
    }

    /// <summary>Appends the hash of one record.</summary>
    /// <param name="leaf">The hash.</param>
    /// <param name="height">A height of whole subtrees.</param>
    /// <returns>The root of the subtree of this height that the record makes whole; null where it does not.</returns>
    public TreeHash? Append(TreeHash leaf, int height = 0)
    {
        // As when one is added to a binary number: each bit that is set already carries over to the next.
        int carries = BitOperations.TrailingZeroCount(~Size);
        TreeHash subtree = leaf;
        TreeHash? whole = height == 0 ? leaf : null;
        for (int i = 1; i <= carries; i++)
        {
            subtree = TreeHash.OfNode(_subtrees[^1], subtree);
            _subtrees.RemoveAt(_subtrees.Count - 1);
            if (i == height)
                whole = subtree;
        }
        _subtrees.Add(subtree);
        Size++;
        return whole;
    }

    /// <summary>The root over the largest subtrees.</summary>
    private TreeHash RootOf(int largest)
    {
        if (largest == 0)
            return TreeHash.OfNothing;
        TreeHash root = _subtrees[largest - 1];
        for (int i = largest - 2; i >= 0; i--)
            root = TreeHash.OfNode(_subtrees[i], root);
        return root;
    }
}
