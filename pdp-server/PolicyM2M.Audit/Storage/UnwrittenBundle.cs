using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>A bundle of entries as it grows, with the hashes that its tile will have. Belongs to one writer.</summary>
internal sealed class UnwrittenBundle
{
    /// <summary>With entries of up to two thousand bytes.</summary>
    private const int MostKept = 512 << 10;

    private readonly GrowingBuffer _entries = new(MostKept);

    /// <summary>The hashes of its entries.</summary>
    public List<TreeHash> Leaves { get; } = new(TilePath.Width);

    /// <summary>The root over all of them; null until it is whole.</summary>
    public TreeHash? Root { get; private set; }

    /// <summary>As it is written.</summary>
    public ReadOnlySpan<byte> Bytes => _entries.Written;

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">What it says.</param>
    /// <param name="leaf">Its hash.</param>
    /// <param name="root">The root of the bundle, where this is its last.</param>
    public void Add(ReadOnlySpan<byte> entry, TreeHash leaf, TreeHash? root)
    {
        EntryBundle.Add(_entries, entry);
        Leaves.Add(leaf);
        Root = root;
    }

    /// <summary>Begins another one.</summary>
    public void Clear()
    {
        _entries.Cut(0);
        Leaves.Clear();
        Root = null;
    }
}
