using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Storage;

/// <summary>Reads a log as its last checkpoint has it: records, and proofs of them. The log may be written meanwhile. Safe for all threads.</summary>
public sealed class AuditLogReader
{
    /// <summary>How many records are removed at once: those of one bundle.</summary>
    public const int RemovedTogether = TilePath.Width;

    private readonly LogFolder _folder;

    /// <summary>A reader of a log.</summary>
    /// <param name="folder">The log's folder.</param>
    public AuditLogReader(string folder) => _folder = new LogFolder(folder);

    /// <summary>The last checkpoint.</summary>
    /// <exception cref="AuditLogException">There is none.</exception>
    public AuditCheckpoint ReadCheckpoint()
    {
        return AuditCheckpoint.Parse(ReadText(_folder.Checkpoint, "checkpoint")) ?? throw new AuditLogException($"the checkpoint of the log `{_folder.Path}` is none");
    }

    /// <summary>The records from a number on, in order, up to the end of a log of this size; those of bundles that were removed are passed over.</summary>
    /// <param name="from">The number of the first record.</param>
    /// <param name="size">The number of the first record after them.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IEnumerable<(long Number, ReadOnlyMemory<byte> Record)> ReadEntries(long from, long size, CancellationToken cancellation = default)
    {
        for (long bundle = from / TilePath.Width; bundle * TilePath.Width < size; bundle++)
        {
            cancellation.ThrowIfCancellationRequested();
            int width = (int)Math.Min(TilePath.Width, size - bundle * TilePath.Width);
            if (_folder.ReadEntries(bundle, width) is not { } file)
            {
                // The last bundle of a log is looked for in any case: it may be there in part.
                bundle = Math.Min(BundleSearch.Next(_folder, bundle + 1, cancellation) ?? long.MaxValue, Math.Max(size / TilePath.Width, bundle + 1)) - 1;
                continue;
            }
            IReadOnlyList<ReadOnlyMemory<byte>> entries = EntryBundle.Read(file.Bytes, out _);
            for (int i = 0; i < Math.Min(width, entries.Count); i++)
            {
                if (bundle * TilePath.Width + i >= from)
                    yield return (bundle * TilePath.Width + i, entries[i]);
            }
        }
    }

    /// <summary>How many records came after a checkpoint of this size, which nothing vouches for yet: a server that is killed leaves those of its last second or two.</summary>
    /// <exception cref="AuditLogException">A journal cannot be read.</exception>
    public long CountUnsigned(long size)
    {
        try
        {
            return _folder.Journals().Select(journal => Math.Max(0, new FoundJournal(journal.Path, journal.From).Until - size)).DefaultIfEmpty().Max();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new AuditLogException($"the journal of the log `{_folder.Path}` cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>The hashes that, with that of a record, give the root of the log of this size (RFC 6962, section 2.1.1).</summary>
    /// <exception cref="AuditLogException">A tile is not there.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such record.</exception>
    public IReadOnlyList<byte[]> ProveInclusion(long number, long size) => Bytes(TreeProof.Inclusion(number, size, new TileTree(_folder, size).WholeSubtree));

    /// <summary>The hashes that show that a log of one size begins with that of another (RFC 6962, section 2.1.2).</summary>
    /// <exception cref="AuditLogException">A tile is not there.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The earlier one is longer.</exception>
    public IReadOnlyList<byte[]> ProveConsistency(long earlier, long size) => Bytes(TreeProof.Consistency(earlier, size, new TileTree(_folder, size).WholeSubtree));

    /// <summary>The line of the log's public key, as the folder has it.</summary>
    /// <exception cref="AuditLogException">There is none.</exception>
    public string ReadKey() => ReadText(_folder.Key, "key").TrimEnd('\n');

    private string ReadText(string file, string what)
    {
        try
        {
            return LogFolder.ReadText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new AuditLogException(fault is FileNotFoundException or DirectoryNotFoundException
                ? $"`{_folder.Path}` is no log that can be read: it has no {what}"
                : $"the {what} of the log `{_folder.Path}` cannot be read", fault);
        }
    }

    private static List<byte[]> Bytes(IReadOnlyList<TreeHash> hashes) => [.. hashes.Select(hash =>
    {
        byte[] bytes = new byte[TreeHash.Length];
        hash.CopyTo(bytes);
        return bytes;
    })];
}

/// <summary>What a log says of itself.</summary>
/// <param name="Note">The signed note.</param>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">How many records it has.</param>
/// <param name="Root">Their root, in hexadecimal digits.</param>
public sealed record AuditCheckpoint(string Note, string Origin, long Size, string Root)
{
    /// <summary>Reads a note, and does not look at who signed it; null where it is no checkpoint.</summary>
    public static AuditCheckpoint? Parse(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        int end = note.IndexOf("\n\n", StringComparison.Ordinal);
        return end >= 0 && Checkpoint.Parse(note[..(end + 1)]) is { } checkpoint ? new AuditCheckpoint(note, checkpoint.Origin, checkpoint.Size, checkpoint.Root.ToString()) : null;
    }
}
