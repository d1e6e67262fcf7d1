using System.Numerics;

namespace PolicyM2M.Audit.Merkle;

/// <summary>The hash of the whole subtree that is the <paramref name="index"/>th of those of 2^<paramref name="level"/> records.</summary>
internal delegate TreeHash WholeSubtree(int level, long index);

/// <summary>
/// Makes the proofs of RFC 6962, section 2.1: that a record is in a tree, and that a tree only grew out of an earlier one.
/// Only whole subtrees are asked for: they never change once they are written.
/// </summary>
internal static class TreeProof
{
    /// <summary>The root of the tree of the first <paramref name="size"/> records.</summary>
    public static TreeHash Root(long size, WholeSubtree nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? TreeHash.OfNothing : Subtree(0, size, nodes);
    }

    /// <summary>The hashes that, with that of the record at <paramref name="index"/>, give the root of the tree: nearest to the record first.</summary>
    public static IReadOnlyList<TreeHash> Inclusion(long index, long size, WholeSubtree nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        List<TreeHash> path = [];
        long from = 0, to = size;
        while (to - from > 1)
        {
            long middle = from + Split(to - from);
            if (index < middle)
            {
                path.Add(Subtree(middle, to, nodes));
                to = middle;
            }
            else
            {
                path.Add(Subtree(from, middle, nodes));
                from = middle;
            }
        }
        path.Reverse();
        return path;
    }

    /// <summary>The hashes that show that the first <paramref name="earlier"/> records of the tree are those of an earlier tree.</summary>
    public static IReadOnlyList<TreeHash> Consistency(long earlier, long size, WholeSubtree nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(earlier);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(earlier, size);
        // Every tree grew out of the empty one, and each is its own: there is nothing to show.
        if (earlier == 0 || earlier == size)
            return [];
        List<TreeHash> path = [];
        long from = 0, to = size;
        while (to != earlier)
        {
            long middle = from + Split(to - from);
            if (earlier <= middle)
            {
                path.Add(Subtree(middle, to, nodes));
                to = middle;
            }
            else
            {
                path.Add(Subtree(from, middle, nodes));
                from = middle;
            }
        }
        // A subtree that is the whole earlier tree is not sent: who verifies has its root.
        if (from != 0)
            path.Add(Subtree(from, to, nodes));
        path.Reverse();
        return path;
    }

    private static TreeHash Subtree(long from, long to, WholeSubtree nodes)
    {
        long size = to - from;
        if (BitOperations.IsPow2(size))
        {
            int level = BitOperations.TrailingZeroCount(size);
            return nodes(level, from >> level);
        }
        long middle = from + Split(size);
        return TreeHash.OfNode(Subtree(from, middle, nodes), Subtree(middle, to, nodes));
    }

    /// <summary>The largest power of two below <paramref name="size"/>, which is at least 2.</summary>
    private static long Split(long size) => 1L << BitOperations.Log2((ulong)size - 1);
}
