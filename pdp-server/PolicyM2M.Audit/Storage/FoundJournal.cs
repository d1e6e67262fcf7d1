using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Storage;

/// <summary>A journal as it was left. Reading it changes nothing; it is cut or made anew only when it is opened.</summary>
internal sealed class FoundJournal
{
    private readonly byte[] _bytes;
    private int _whole;
    private bool _isMended;

    public FoundJournal(string path, long from)
    {
        (Path, From) = (path, from);
        _bytes = OrdinaryFile.Read(path, Journal.Longest);
        Entries = RecordBatch.Read(_bytes, out _whole);
    }

    public string Path { get; }

    /// <summary>The number of its first record.</summary>
    public long From { get; }

    /// <summary>Its records and their hashes, up to the first that is not whole.</summary>
    public IReadOnlyList<(byte[] Entry, TreeHash Leaf)> Entries { get; private set; }

    /// <summary>The number of the record that would be its next.</summary>
    public long Until => From + Entries.Count;

    /// <summary>How many bytes of no whole record stand at its end.</summary>
    public long Cut => _bytes.Length - _whole;

    /// <summary>Why it is not what was signed; null where it is.</summary>
    public string? WhyNot(LogFolder folder, Checkpoint signed)
    {
        if (signed.Size > Until)
            return $"the log `{folder.Path}` was signed with {Amount.Of(signed.Size, "record")} and has {Until} as they were: move it away, and keep it; `m2m audit verify` says which are missing, or others";
        return Root(folder, signed.Size, Entries) == signed.Root
            ? null
            : $"the records of the log `{folder.Path}` are not those that were signed: move it away, and keep it; `m2m audit verify` says which are others";
    }

    /// <summary>
    /// Takes what was signed from the bundles of entries instead, where these hold it. What came after that is still taken from here: the records before it say where it begins.
    /// </summary>
    public bool TryMend(LogFolder folder, Checkpoint signed)
    {
        if (signed.Size < From || FromBundles(folder, signed.Size) is not { } entries || Root(folder, signed.Size, entries) != signed.Root)
            return false;
        int end = entries.Sum(entry => RecordBatch.HeadLength + entry.Entry.Length), whole = 0;
        if (end <= _bytes.Length)
            entries.AddRange(RecordBatch.Read(_bytes[end..], out whole));
        (Entries, _whole, _isMended) = (entries, Math.Min(end + whole, _bytes.Length), true);
        return true;
    }

    /// <summary>Opens it. What it held that is no record, or not what was signed, is kept beside it.</summary>
    public Journal Open(LogFolder folder)
    {
        if (!_isMended)
            return Journal.Open(Path, From, _bytes, _whole);
        LogFolder.KeepAside(Path, $"{Path}.damaged");
        return Journal.Create(folder, From, RecordBatch.Of(Entries.Select(entry => entry.Entry)));
    }

    private List<(byte[] Entry, TreeHash Leaf)>? FromBundles(LogFolder folder, long until)
    {
        List<(byte[], TreeHash)> entries = [];
        for (long number = From; number < until; number += TilePath.Width)
        {
            int width = (int)Math.Min(TilePath.Width, until - number);
            if (folder.ReadEntries(number / TilePath.Width, width) is not { } file)
                return null;
            IReadOnlyList<ReadOnlyMemory<byte>> bundle = EntryBundle.Read(file.Bytes, out _);
            if (bundle.Count < width)
                return null;
            entries.AddRange(bundle.Take(width).Select(entry => (entry.ToArray(), TreeHash.OfLeaf(entry.Span))));
        }
        return entries;
    }

    /// <summary>The root of so many records: of those before the journal the tiles tell.</summary>
    private TreeHash Root(LogFolder folder, long size, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries)
    {
        if (size < From)
            return Frontier.Of(size, new TileTree(folder, size).WholeSubtree).Root;
        var frontier = Frontier.Of(From, new TileTree(folder, From).WholeSubtree);
        foreach ((_, TreeHash leaf) in entries.Take((int)(size - From)))
            frontier.Append(leaf);
        return frontier.Root;
    }
}
