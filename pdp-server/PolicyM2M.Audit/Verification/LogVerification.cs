using System.Text;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>
/// Looks a whole log through without its writer: every record is hashed, the hashes are held against the tiles, the tiles against each other, and their root against the signed checkpoint. What was changed,
/// removed or moved is told by its number. All of it is hostile: what is no ordinary file, or larger than such a file is, is told and not read.
/// </summary>
public sealed class LogVerification
{
    private readonly LogFolder _folder;
    private readonly Func<ReadOnlyMemory<byte>, RecordClaims> _read;
    private readonly Findings _findings = new();
    private readonly ReadFiles _files;
    private readonly LeftOvers _leftOvers;
    private readonly UpperTiles _upper;
    private readonly List<OtherRecord> _others = [];
    private readonly Frontier _records = new(), _hashes = new();
    private long _hashed, _removed, _removedBefore;
    private bool _isBroken;

    private LogVerification(LogFolder folder, Func<ReadOnlyMemory<byte>, RecordClaims> read)
    {
        (_folder, _read) = (folder, read);
        _files = new ReadFiles(folder, _findings);
        _leftOvers = new LeftOvers(folder, _files, _findings);
        _upper = new UpperTiles(folder, _files, _leftOvers, _findings);
    }

    /// <summary>Looks a log through.</summary>
    /// <param name="folder">The log's folder; nothing in it is changed.</param>
    /// <param name="keys">The keys that are believed.</param>
    /// <param name="since">The note of an earlier checkpoint, which somebody kept elsewhere: the log must have grown out of it. Null for none.</param>
    /// <param name="read">Reads what a record says of the log.</param>
    /// <param name="progress">Told how many records of how many were looked at; null for nobody.</param>
    /// <exception cref="IOException">A file cannot be read although it is one.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static LogVerdict Run(string folder, IReadOnlyCollection<NoteKey> keys, string? since, Func<ReadOnlyMemory<byte>, RecordClaims> read, Action<long, long>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var verification = new LogVerification(new LogFolder(folder), read);
        return verification.Run(keys, since, progress);
    }

    private LogVerdict Run(IReadOnlyCollection<NoteKey> keys, string? since, Action<long, long>? progress)
    {
        string? note = ReadNote();
        if (note is null || Open(keys, "checkpoint", note) is not { } checkpoint)
            return new LogVerdict(null, 0, 0, 0, _findings.All);
        Checkpoint? earlier = since is null ? null : Open(keys, "the earlier checkpoint", since);
        if (earlier is not null && (earlier.Origin != checkpoint.Origin || earlier.Size > checkpoint.Size))
        {
            _findings.Add(null, "checkpoint", earlier.Origin != checkpoint.Origin
                ? $"the log is {checkpoint.Origin}, and the earlier checkpoint is of {earlier.Origin}"
                : $"the log has {Amount.Of(checkpoint.Size, "record")}, and had {earlier.Size} when the earlier checkpoint was signed: {earlier.Size - checkpoint.Size} are gone");
            earlier = null;
        }
        for (long bundle = 0; bundle * TilePath.Width < checkpoint.Size; bundle++)
        {
            int width = (int)Math.Min(TilePath.Width, checkpoint.Size - bundle * TilePath.Width);
            Bundle(bundle, width, earlier);
            progress?.Invoke(Math.Min(checkpoint.Size, (bundle + 1) * TilePath.Width), checkpoint.Size);
        }
        if (!_isBroken)
            _upper.Check(checkpoint.Size);
        Judge(checkpoint);
        var journal = new JournalCheck(_folder, _files, _findings);
        journal.Run(checkpoint.Size);
        Beyond(keys, checkpoint.Size);
        return new LogVerdict(new AuditCheckpoint(note, checkpoint.Origin, checkpoint.Size, checkpoint.Root.ToString()), _hashed, _removed, journal.Unsigned, _findings.All) { HasJournal = journal.IsThere };
    }

    private void Bundle(long bundle, int width, Checkpoint? earlier)
    {
        TileFile? tile = _files.Hashes(0, bundle, width), entriesFile = _files.Entries(bundle, width);
        TreeHash[]? hashes = tile?.Hashes(width);
        if (hashes is null && !_files.IsRefused(TilePath.Hashes(0, bundle)))
            _findings.Add(null, tile?.File ?? TilePath.Hashes(0, bundle, width), "the tile of hashes is missing or too short");
        IReadOnlyList<ReadOnlyMemory<byte>> entries = Entries(entriesFile, bundle, width, hashes is not null);
        var leaves = new TreeHash?[width];
        for (int i = 0; i < width; i++)
        {
            long number = bundle * TilePath.Width + i;
            TreeHash? leaf = leaves[i] = i < entries.Count ? TreeHash.OfLeaf(entries[i].Span) : null;
            if (leaf is not null)
            {
                _hashed++;
                // Where all are others, some of them are enough.
                if (hashes is null || leaf == hashes[i])
                    Claims(number, entriesFile!.File, _read(entries[i]));
                else if (_others.Count <= Findings.Most)
                    _others.Add(new OtherRecord(number, leaf.Value, entriesFile!.File, tile!.File));
            }
            if ((leaf ?? hashes?[i]) is not { } known)
            {
                _isBroken = true;
                continue;
            }
            _records.Append(known);
            _hashes.Append(hashes?[i] ?? known);
            _upper.Append(hashes?[i] ?? known);
            if (!_isBroken && earlier is not null && _records.Size == earlier.Size && _records.Root != earlier.Root)
                _findings.Add(null, "checkpoint", $"the log does not begin with the {Amount.Of(earlier.Size, "record")} of the earlier checkpoint");
        }
        // Which of the two was signed is not known yet.
        bool IsSigned(int place, TreeHash hash) => hash == leaves[place] || hash == hashes?[place];
        _leftOvers.CheckHashes(TilePath.Hashes(0, bundle), tile?.File, width, IsSigned);
        _leftOvers.CheckEntries(TilePath.Entries(bundle), entriesFile?.File, width, IsSigned);
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> Entries(TileFile? file, long bundle, int width, bool hasHashes)
    {
        if (file is null)
        {
            if (_hashed == 0 && hasHashes && !_files.IsRefused(TilePath.Entries(bundle)))
                _removed += width;
            else
                _findings.Add(null, TilePath.Entries(bundle, width), $"the records {bundle * TilePath.Width} to {bundle * TilePath.Width + width - 1} are missing");
            return [];
        }
        IReadOnlyList<ReadOnlyMemory<byte>> entries = EntryBundle.Read(file.Bytes, out bool isWhole);
        if (entries.Count < width)
            _findings.Add(bundle * TilePath.Width + entries.Count, file.File, $"{Amount.Of(width - entries.Count, "record")} fewer than were signed: the file holds {entries.Count} and should hold {width}");
        else if (!isWhole)
            _findings.Add(null, file.File, "more stands behind its last record");
        return entries;
    }

    private void Claims(long number, string file, RecordClaims claims)
    {
        if (claims.Number != number)
            _findings.Add(number, file, claims.Number is { } said ? $"the record says that it is number {said}" : "it is no record that can be read");
        _removedBefore = Math.Max(_removedBefore, claims.RemovedBefore ?? 0);
    }

    private void Judge(Checkpoint checkpoint)
    {
        bool areSigned = !_isBroken && _records.Root == checkpoint.Root, areHashesSigned = !_isBroken && _hashes.Root == checkpoint.Root;
        foreach (OtherRecord other in _others)
        {
            if (areSigned)
                _findings.Add(other.Number, other.HashesFile, "the record is the one that was signed, and its hash in the tile is another");
            else
                _findings.Add(other.Number, other.EntriesFile, WhereSigned(other.Number, other.Leaf, checkpoint.Size));
        }
        if (!areSigned && !areHashesSigned && !_isBroken)
        {
            _findings.Add(null, "checkpoint", _others.Count == 0
                ? "the records do not give the root that was signed, and agree with the hashes in the tiles: records and tiles were made anew"
                : "neither the records nor the hashes in the tiles give the root that was signed");
        }
        if (_removed > _removedBefore)
            _findings.Add(_removedBefore, TilePath.Entries(_removedBefore / TilePath.Width), $"the records {_removedBefore} to {_removed - 1} are missing, and no record says that they were removed");
    }

    /// <summary>Where else the record that stands here was signed, if anywhere near.</summary>
    private string WhereSigned(long number, TreeHash leaf, long size)
    {
        for (long bundle = Math.Max(0, number / TilePath.Width - 1); bundle <= number / TilePath.Width + 1 && bundle * TilePath.Width < size; bundle++)
        {
            int width = (int)Math.Min(TilePath.Width, size - bundle * TilePath.Width);
            int place = Array.IndexOf(_files.Hashes(0, bundle, width)?.Hashes(width) ?? [], leaf);
            if (place >= 0)
                return $"the record that stands here was signed as number {bundle * TilePath.Width + place}: one before it was removed or added, or they were moved";
        }
        return "the record was changed: it is not the one that was signed here";
    }

    /// <summary>Whole tiles are written once a checkpoint over them is announced: where there are some beyond, an earlier checkpoint was put back. The log may have grown meanwhile.</summary>
    private void Beyond(IReadOnlyCollection<NoteKey> keys, long size)
    {
        while (_folder.HasWholeTile(size / TilePath.Width))
        {
            // In the order in which one becomes the other.
            long announced = new[] { _folder.Announced, _folder.Checkpoint }.Max(file => SizeOf(keys, file));
            if (announced / TilePath.Width <= size / TilePath.Width)
            {
                _findings.Add(null, "checkpoint", $"there are whole tiles after the {Amount.Of(size, "record")} that it covers: an earlier checkpoint was put back, and nothing vouches for what came after it");
                return;
            }
            size = announced;
        }
    }

    private long SizeOf(IReadOnlyCollection<NoteKey> keys, string file) =>
        Text(file) is { } note && SignedNote.TryOpen(note, keys, out string? text, out _) && Checkpoint.Parse(text) is { } checkpoint ? checkpoint.Size : 0;

    private Checkpoint? Open(IReadOnlyCollection<NoteKey> keys, string what, string note)
    {
        if (!SignedNote.TryOpen(note, keys, out string? text, out string? fault) || Checkpoint.Parse(text) is not { } checkpoint)
        {
            _findings.Add(null, what, fault ?? "it is no checkpoint");
            return null;
        }
        return checkpoint;
    }

    private string? ReadNote()
    {
        string? note = Text(_folder.Checkpoint);
        if (note is null && _findings.All.IsEmpty)
            _findings.Add(null, "checkpoint", "it is missing, and nothing else says what was signed");
        return note;
    }

    private string? Text(string file) => _files.File(file, LogFolder.LongestText) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>A record that is not the one of its hash, and the files that hold the two.</summary>
    private sealed record OtherRecord(long Number, TreeHash Leaf, string EntriesFile, string HashesFile);
}
