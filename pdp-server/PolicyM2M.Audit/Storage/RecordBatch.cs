using System.Buffers;
using System.Buffers.Binary;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Records as they stand in a journal, one after the other: each with its length (two bytes) and the first eight bytes of its hash before it. Belongs to one writer.
/// </summary>
internal sealed class RecordBatch
{
    /// <summary>What stands before a record.</summary>
    public const int HeadLength = sizeof(ushort) + MarkLength;

    private const int MarkLength = 8;

    /// <summary>As large as the batches of a busy log, which are thousands of records.</summary>
    private const int MostKept = 16 << 20;

    private readonly GrowingBuffer _buffer = new(MostKept);
    private readonly List<(int Start, TreeHash Leaf)> _records = [];

    /// <summary>How many records there are.</summary>
    public int Count => _records.Count;

    /// <summary>All of it.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.Written;

    /// <summary>A record.</summary>
    public ReadOnlySpan<byte> this[int index] => _buffer[_records[index].Start..(index + 1 < Count ? _records[index + 1].Start - HeadLength : _buffer.Length)];

    /// <summary>A batch of records.</summary>
    public static RecordBatch Of(IEnumerable<byte[]> entries)
    {
        var batch = new RecordBatch();
        foreach (byte[] entry in entries)
            batch.Add(entry, static (entry, writer) => writer.Write(entry));
        return batch;
    }

    /// <summary>The hash of a record.</summary>
    public TreeHash LeafOf(int index) => _records[index].Leaf;

    /// <summary>Adds a record, or nothing where it throws.</summary>
    /// <param name="state">What it is made of.</param>
    /// <param name="write">Makes it.</param>
    /// <exception cref="InvalidOperationException">The record is too long.</exception>
    public void Add<T>(T state, Action<T, IBufferWriter<byte>> write)
    {
        int from = _buffer.Length, start = from + HeadLength;
        try
        {
            _buffer.GetSpan(HeadLength);
            _buffer.Advance(HeadLength);
            write(state, _buffer);
            int length = _buffer.Length - start;
            if (length > EntryBundle.LongestEntry)
                throw new InvalidOperationException($"a record has {length} bytes, and {EntryBundle.LongestEntry} are the most");
            var leaf = TreeHash.OfLeaf(_buffer[start..]);
            BinaryPrimitives.WriteUInt16BigEndian(_buffer[from..], (ushort)length);
            Mark(leaf, _buffer[(from + sizeof(ushort))..start]);
            _records.Add((start, leaf));
        }
        catch
        {
            _buffer.Cut(from);
            throw;
        }
    }

    /// <summary>Forgets all records.</summary>
    public void Clear()
    {
        _buffer.Cut(0);
        _records.Clear();
    }

    /// <summary>The records of a journal up to the first that is not whole, and where that begins.</summary>
    public static List<(byte[] Entry, TreeHash Leaf)> Read(byte[] bytes, out int whole)
    {
        List<(byte[], TreeHash)> entries = [];
        whole = 0;
        Span<byte> mark = stackalloc byte[MarkLength];
        while (bytes.Length - whole >= HeadLength && BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(whole)) is var length && bytes.Length - whole >= HeadLength + length)
        {
            byte[] entry = bytes[(whole + HeadLength)..(whole + HeadLength + length)];
            var leaf = TreeHash.OfLeaf(entry);
            Mark(leaf, mark);
            if (!mark.SequenceEqual(bytes.AsSpan(whole + sizeof(ushort), MarkLength)))
                break;
            entries.Add((entry, leaf));
            whole += HeadLength + length;
        }
        return entries;
    }

    private static void Mark(TreeHash leaf, Span<byte> mark)
    {
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        leaf.CopyTo(hash);
        hash[..MarkLength].CopyTo(mark);
    }
}
