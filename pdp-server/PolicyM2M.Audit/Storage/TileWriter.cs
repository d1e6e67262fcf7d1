using System.Buffers;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Writes tiles of hashes and bundles of entries as a log grows. All of it can be made again from the journal, so nothing is flushed here. It belongs to one writer. What fails can be tried
/// again: nothing that it remembers changes before what it stands for is written.
/// </summary>
internal sealed class TileWriter
{
    private readonly LogFolder _folder;
    private readonly List<byte[]> _entries = [];

    /// <summary>Used for each file in turn: what is larger than a page of the large object heap would be collected with all the rest.</summary>
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>The hashes of the last tile of each level, which is never whole once it is written.</summary>
    private readonly List<List<TreeHash>> _levels = [];

    private HashSet<string> _partials = [];
    private long _bundle;

    /// <param name="folder">Where to write.</param>
    /// <param name="from">How many records there are, which must be so many whole bundles.</param>
    /// <exception cref="AuditLogException">A tile that it goes on from is not there.</exception>
    public TileWriter(LogFolder folder, long from)
    {
        _folder = folder;
        _bundle = from / TilePath.Width;
        _levels.Add([]);
        // The last tile of a level above holds the roots of whole tiles below.
        var tree = new TileTree(folder, from);
        for (int level = 1; from >> (level * TilePath.Height) > 0; level++)
        {
            long hashes = from >> (level * TilePath.Height), tile = hashes / TilePath.Width;
            _levels.Add([.. Enumerable.Range(0, (int)(hashes % TilePath.Width)).Select(i => tree.WholeSubtree(level * TilePath.Height, tile * TilePath.Width + i))]);
        }
    }

    /// <summary>How many records were added, whether or not their tiles are written.</summary>
    public long Size => _bundle * TilePath.Width + _entries.Count;

    /// <summary>The records of the last bundle, which is not whole.</summary>
    public IReadOnlyList<byte[]> LastEntries => _entries;

    /// <summary>Adds a record, and writes what it makes whole.</summary>
    public void Add(byte[] entry, TreeHash leaf)
    {
        if (_entries.Count == TilePath.Width)
            WriteWhole();
        _entries.Add(entry);
        _levels[0].Add(leaf);
        if (_entries.Count == TilePath.Width)
            WriteWhole();
    }

    /// <summary>Writes the tiles that are not whole, for a checkpoint of this size.</summary>
    public void WritePartial()
    {
        if (_entries.Count == TilePath.Width)
            WriteWhole();
        HashSet<string> written = [];
        if (_entries.Count > 0)
            Write(TilePath.Entries(_bundle, _entries.Count), Bundle());
        for (int level = 0; level < _levels.Count; level++)
        {
            if (_levels[level] is { Count: > 0 } hashes)
                Write(TilePath.Hashes(level, Size >> ((level + 1) * TilePath.Height), hashes.Count), Bytes(hashes));
        }
        RemoveOldest(written);

        void Write(string path, ReadOnlySpan<byte> bytes)
        {
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

    private void WriteWhole()
    {
        _folder.Write(TilePath.Entries(_bundle), Bundle());
        List<TreeHash> hashes = _levels[0];
        int whole = 0;
        TreeHash carried;
        while (true)
        {
            long tile = _bundle >> (whole * TilePath.Height);
            _folder.Write(TilePath.Hashes(whole, tile), Bytes(hashes));
            carried = TileTree.Join([.. hashes]);
            whole++;
            if (whole == _levels.Count || _levels[whole].Count < TilePath.Width - 1)
                break;
            hashes = [.. _levels[whole], carried];
        }
        for (int level = 0; level < whole; level++)
        {
            RemovePartials(TilePath.Hashes(level, _bundle >> (level * TilePath.Height)));
            _levels[level].Clear();
        }
        RemovePartials(TilePath.Entries(_bundle));
        if (whole == _levels.Count)
            _levels.Add([]);
        _levels[whole].Add(carried);
        _entries.Clear();
        _bundle++;
    }

    private void RemovePartials(string whole)
    {
        string folder = _folder.At(TilePath.PartialsOf(whole));
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private ReadOnlySpan<byte> Bundle()
    {
        _buffer.ResetWrittenCount();
        EntryBundle.Write(_entries, _buffer);
        return _buffer.WrittenSpan;
    }

    private ReadOnlySpan<byte> Bytes(List<TreeHash> hashes)
    {
        _buffer.ResetWrittenCount();
        foreach (TreeHash hash in hashes)
        {
            hash.CopyTo(_buffer.GetSpan(TreeHash.Length));
            _buffer.Advance(TreeHash.Length);
        }
        return _buffer.WrittenSpan;
    }
}
