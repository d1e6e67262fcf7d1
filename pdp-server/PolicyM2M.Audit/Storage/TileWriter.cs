using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Writes tiles of hashes and bundles of entries as a log grows. All of it can be made again from the journal, so nothing is flushed here. It belongs to one writer. What fails can be tried
/// again: nothing that it remembers changes before what it stands for is written.
/// </summary>
internal sealed class TileWriter
{
    private readonly LogFolder _folder;

    /// <summary>Whole ones, the first one first, and after them the one that grows.</summary>
    private readonly Queue<UnwrittenBundle> _whole = [];

    /// <summary>As many as the last time had, to be used again.</summary>
    private readonly Stack<UnwrittenBundle> _spare = [];
    private UnwrittenBundle _last = new();

    /// <summary>The hashes of the last tile of each level above the first, which is never whole once it is written.</summary>
    private readonly List<List<TreeHash>> _above = [];

    /// <summary>Used for each tile in turn.</summary>
    private readonly GrowingBuffer _buffer = new(TilePath.Width * TreeHash.Length);

    private HashSet<string> _partials = [];
    private long _written;

    /// <param name="folder">Where to write.</param>
    /// <param name="from">How many records there are, which must be so many whole bundles.</param>
    /// <exception cref="AuditLogException">A tile that it goes on from is not there.</exception>
    public TileWriter(LogFolder folder, long from)
    {
        _folder = folder;
        _written = from / TilePath.Width;
        // The last tile of a level above holds the roots of whole tiles below.
        var tree = new TileTree(folder, from);
        for (int level = 1; from >> (level * TilePath.Height) > 0; level++)
        {
            long hashes = from >> (level * TilePath.Height), tile = hashes / TilePath.Width;
            _above.Add([.. Enumerable.Range(0, (int)(hashes % TilePath.Width)).Select(i => tree.WholeSubtree(level * TilePath.Height, tile * TilePath.Width + i))]);
        }
    }

    /// <summary>The records of the last bundle, which is not whole.</summary>
    public IEnumerable<byte[]> LastEntries() => EntryBundle.Read(_last.Bytes.ToArray(), out _).Select(entry => entry.ToArray());

    /// <summary>Adds a record, which is written the next time.</summary>
    /// <param name="entry">What it says.</param>
    /// <param name="leaf">Its hash.</param>
    /// <param name="root">The root of its bundle, where it makes that whole.</param>
    public void Add(ReadOnlySpan<byte> entry, TreeHash leaf, TreeHash? root)
    {
        _last.Add(entry, leaf, root);
        if (root is null)
            return;
        _whole.Enqueue(_last);
        _last = _spare.TryPop(out UnwrittenBundle? spare) ? spare : new UnwrittenBundle();
    }

    /// <summary>Writes what was added, for a checkpoint over all of it, or over all whole bundles.</summary>
    /// <param name="isOfWhole">Whether it is over whole bundles: the last one is then not written.</param>
    public void Write(bool isOfWhole)
    {
        _spare.Clear();
        while (_whole.TryPeek(out UnwrittenBundle? whole))
        {
            WriteWhole(whole);
            _whole.Dequeue();
            whole.Clear();
            _spare.Push(whole);
        }
        WritePartial(isOfWhole);
    }

    private void WritePartial(bool isOfWhole)
    {
        HashSet<string> written = [];
        if (!isOfWhole && _last.Leaves.Count > 0)
        {
            Write(TilePath.Entries(_written, _last.Leaves.Count), _last.Bytes);
            Write(TilePath.Hashes(0, _written, _last.Leaves.Count), Bytes(_last.Leaves));
        }
        for (int level = 1; level <= _above.Count; level++)
        {
            if (_above[level - 1] is { Count: > 0 } hashes)
                Write(TilePath.Hashes(level, _written >> (level * TilePath.Height), hashes.Count), Bytes(hashes));
        }
        RemoveOldest(written);

        void Write(string path, ReadOnlySpan<byte> bytes)
        {
            // One that did not grow holds the same.
            if (!_partials.Contains(path))
                _folder.Write(path, bytes);
            written.Add(path);
        }
    }

    /// <summary>
    /// Partial files stay for the checkpoint before, which somebody may be reading by, and go after that, as do those that a process left that was killed: a log that grows slowly would otherwise have a copy of its
    /// last bundle for each of its records.
    /// </summary>
    private void RemoveOldest(HashSet<string> written)
    {
        foreach (string whole in written.Select(path => path[..path.LastIndexOf(TilePath.PartialsOf(""), StringComparison.Ordinal)]).Distinct())
        {
            foreach ((string path, _) in _folder.PartialsOf(whole).Where(partial => partial.Width > 0 && !_partials.Contains(partial.File) && !written.Contains(partial.File)))
                File.Delete(_folder.At(path));
        }
        _partials = written;
    }

    private void WriteWhole(UnwrittenBundle bundle)
    {
        _folder.Write(TilePath.Entries(_written), bundle.Bytes);
        _folder.Write(TilePath.Hashes(0, _written), Bytes(bundle.Leaves));
        // A root of a whole tile is a hash of the level above, and may make the tile there whole.
        TreeHash root = bundle.Root!.Value;
        int level = 1;
        for (; level <= _above.Count && _above[level - 1].Count == TilePath.Width - 1; level++)
        {
            TreeHash[] hashes = [.. _above[level - 1], root];
            _folder.Write(TilePath.Hashes(level, _written >> (level * TilePath.Height)), Bytes(hashes));
            root = TileTree.Join(hashes);
        }
        RemovePartials(TilePath.Entries(_written));
        for (int below = 0; below < level; below++)
            RemovePartials(TilePath.Hashes(below, _written >> (below * TilePath.Height)));
        for (int below = 1; below < level; below++)
            _above[below - 1].Clear();
        if (level > _above.Count)
            _above.Add([]);
        _above[level - 1].Add(root);
        _written++;
    }

    private void RemovePartials(string whole)
    {
        string folder = _folder.At(TilePath.PartialsOf(whole));
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private ReadOnlySpan<byte> Bytes(IReadOnlyList<TreeHash> hashes)
    {
        _buffer.Cut(0);
        for (int i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(_buffer.GetSpan(TreeHash.Length));
            _buffer.Advance(TreeHash.Length);
        }
        return _buffer.Written;
    }
}
