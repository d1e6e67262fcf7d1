using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Tests.Merkle;

/// <summary>A tree that is hashed as RFC 6962, section 2.1 defines it, word for word and slowly: what the quick ways must agree with.</summary>
internal sealed class SampleTree(IReadOnlyList<byte[]> records)
{
    public TreeHash Root(int size) => Hash(0, size);

    public TreeHash Leaf(int index) => TreeHash.OfLeaf(records[index]);

    public TreeHash WholeSubtree(int level, long index)
    {
        int from = (int)(index << level), to = (int)((index + 1) << level);
        Assert.That(to, Is.LessThanOrEqualTo(records.Count), "only whole subtrees may be asked for");
        return Hash(from, to);
    }

    private TreeHash Hash(int from, int to)
    {
        if (from == to)
            return TreeHash.OfNothing;
        if (to - from == 1)
            return Leaf(from);
        int split = 1;
        while (split * 2 < to - from)
            split *= 2;
        return TreeHash.OfNode(Hash(from, from + split), Hash(from + split, to));
    }
}
