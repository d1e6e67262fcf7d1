using System.Buffers;
using System.Buffers.Binary;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// The file to which records are appended before anything else is made of them: each with its length (two bytes) and the first eight bytes of its hash. A commit is one write and one flush. What a
/// commit that broke off left behind is cut off; it was never acknowledged. It belongs to one writer.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>A longer one cannot be read at a start. One is begun anew long before, while its tiles can be written.</summary>
    public const long Longest = int.MaxValue - 64;

    private const int MarkLength = 8;
    private const int HeadLength = sizeof(ushort) + MarkLength;

    private readonly FileStream _file;

    /// <summary>Used for each commit: one of thousands of records would be an object of the large object heap.</summary>
    private readonly ArrayBufferWriter<byte> _buffer = new();

    private Journal(FileStream file, long from)
    {
        _file = file;
        From = from;
    }

    /// <summary>The number of its first record.</summary>
    public long From { get; }

    /// <summary>How long it is, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Begins a journal with these records, and flushes it.</summary>
    public static Journal Create(LogFolder folder, long from, IEnumerable<byte[]> entries)
    {
        FileStream file = LogFolder.Open(folder.Journal(from), FileMode.Create);
        var journal = new Journal(file, from);
        try
        {
            journal.Commit([.. entries.Select(entry => (entry, TreeHash.OfLeaf(entry)))]);
            FolderSync.Flush(folder.JournalFolder);
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>How many bytes an entry has in a journal.</summary>
    public static int LengthOf(byte[] entry) => HeadLength + entry.Length;

    /// <summary>Opens a journal that was read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">The number of its first record.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="whole">Where its last whole record ends. What follows is kept beside the file, and cut off.</param>
    public static Journal Open(string path, long from, byte[] bytes, int whole)
    {
        FileStream file = LogFolder.Open(path, FileMode.OpenOrCreate);
        if (bytes.Length > whole)
        {
            using (FileStream kept = LogFolder.Open($"{path}.cut", FileMode.Create))
            {
                kept.Write(bytes.AsSpan(whole));
                kept.Flush(flushToDisk: true);
            }
            file.SetLength(whole);
            file.Flush(flushToDisk: true);
        }
        return new Journal(file, from) { Length = whole };
    }

    /// <summary>Appends records, and comes back when they are on disk. Where that fails the journal is as before.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Commit(IReadOnlyCollection<(byte[] Entry, TreeHash Leaf)> entries)
    {
        _buffer.ResetWrittenCount();
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        foreach ((byte[] entry, TreeHash leaf) in entries)
        {
            Span<byte> head = _buffer.GetSpan(HeadLength);
            BinaryPrimitives.WriteUInt16BigEndian(head, checked((ushort)entry.Length));
            leaf.CopyTo(hash);
            hash[..MarkLength].CopyTo(head[sizeof(ushort)..]);
            _buffer.Advance(HeadLength);
            _buffer.Write(entry);
        }
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, _buffer.WrittenSpan, Length);
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }
        catch (IOException)
        {
            // What stands there already counts for nothing, but it would be in the way of a reader.
            TryCut();
            throw;
        }
        Length += _buffer.WrittenCount;
    }

    public void Dispose() => _file.Dispose();

    private void TryCut()
    {
        try
        {
            RandomAccess.SetLength(_file.SafeFileHandle, Length);
        }
        catch (IOException)
        {
            // The next commit writes over it.
        }
    }

    /// <summary>The records of a journal up to the first that is not whole, and where that begins.</summary>
    public static List<(byte[] Entry, TreeHash Leaf)> Read(byte[] bytes, out int whole)
    {
        List<(byte[], TreeHash)> entries = [];
        whole = 0;
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        while (bytes.Length - whole >= HeadLength && BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(whole)) is var length && bytes.Length - whole >= HeadLength + length)
        {
            byte[] entry = bytes[(whole + HeadLength)..(whole + HeadLength + length)];
            var leaf = TreeHash.OfLeaf(entry);
            leaf.CopyTo(hash);
            if (!hash[..MarkLength].SequenceEqual(bytes.AsSpan(whole + sizeof(ushort), MarkLength)))
                break;
            entries.Add((entry, leaf));
            whole += HeadLength + length;
        }
        return entries;
    }
}
