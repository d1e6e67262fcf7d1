namespace PolicyM2M.Audit.Merkle;

/// <summary>
/// Judges proofs that somebody else made (RFC 9162, sections 2.1.3.2 and 2.1.4.2). Whatever is wrong with one, too short, too long or
/// about no such record, it is no proof: nothing is thrown for what was received.
/// </summary>
internal static class TreeVerification
{
    /// <summary>Whether the record with hash <paramref name="leaf"/> is the one at <paramref name="index"/> of the tree with this root.</summary>
    public static bool Includes(TreeHash root, long size, long index, TreeHash leaf, IReadOnlyList<TreeHash> proof)
    {
        if (index < 0 || index >= size)
            return false;
        long node = index, last = size - 1;
        TreeHash hash = leaf;
        foreach (TreeHash sibling in proof)
        {
            if (last == 0)
                return false;
            if ((node & 1) == 1 || node == last)
            {
                hash = TreeHash.OfNode(sibling, hash);
                Climb(ref node, ref last);
            }
            else
            {
                hash = TreeHash.OfNode(hash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }

    /// <summary>Whether the later tree begins with all records of the earlier one, in their order and unchanged.</summary>
    public static bool GrewOutOf(TreeHash earlierRoot, long earlier, TreeHash root, long size, IReadOnlyList<TreeHash> proof)
    {
        if (earlier < 0 || earlier > size)
            return false;
        if (earlier == 0)
            return proof.Count == 0 && earlierRoot == TreeHash.OfNothing && (size > 0 || root == TreeHash.OfNothing);
        if (earlier == size)
            return proof.Count == 0 && earlierRoot == root;
        if (proof.Count == 0)
            return false;

        // The earlier root itself is left out of the proof where it is that of a whole subtree of the later tree.
        bool whole = (earlier & (earlier - 1)) == 0;
        TreeHash first = whole ? earlierRoot : proof[0];
        long node = earlier - 1, last = size - 1;
        while ((node & 1) == 1)
        {
            node >>= 1;
            last >>= 1;
        }
        TreeHash before = first, after = first;
        for (int i = whole ? 0 : 1; i < proof.Count; i++)
        {
            if (last == 0)
                return false;
            if ((node & 1) == 1 || node == last)
            {
                before = TreeHash.OfNode(proof[i], before);
                after = TreeHash.OfNode(proof[i], after);
                Climb(ref node, ref last);
            }
            else
            {
                after = TreeHash.OfNode(after, proof[i]);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && before == earlierRoot && after == root;
    }

    /// <summary>From a node at the right edge up to where it has a sibling on its left: the levels between have none, and no hash in the proof.</summary>
    private static void Climb(ref long node, ref long last)
    {
        while (node != 0 && (node & 1) == 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }
}
