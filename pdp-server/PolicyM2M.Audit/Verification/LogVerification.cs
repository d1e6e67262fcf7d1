using System.Collections.Immutable;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>
/// Looks a whole log through without its writer: every record is hashed, the hashes are held against the tiles, the tiles against each other, and their root against the signed checkpoint. What was changed,
/// removed or moved is told by its number.
/// </summary>
public sealed class LogVerification
{
    /// <summary>What is told of a log that was made anew as a whole is enough long before all of it.</summary>
    private const int MostFindings = 10_000;

    private readonly LogFolder _folder;
    private readonly Func<ReadOnlyMemory<byte>, RecordClaims> _read;
    private readonly ImmutableArray<LogFinding>.Builder _findings = ImmutableArray.CreateBuilder<LogFinding>();
    private readonly List<(long Number, TreeHash Leaf)> _others = [];
    private readonly Frontier _records = new(), _hashes = new();
    private readonly List<List<TreeHash>> _levels = [[]];
    private long _hashed, _removed, _removedBefore;
    private bool _isBroken;

    private LogVerification(LogFolder folder, Func<ReadOnlyMemory<byte>, RecordClaims> read) => (_folder, _read) = (folder, read);

    /// <summary>Looks a log through.</summary>
    /// <param name="folder">The log's folder; nothing in it is changed.</param>
    /// <param name="keys">The keys that are believed.</param>
    /// <param name="since">The note of an earlier checkpoint, which somebody kept elsewhere: the log must have grown out of it. Null for none.</param>
    /// <param name="read">Reads what a record says of the log.</param>
    /// <param name="progress">Told how many records of how many were looked at; null for nobody.</param>
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
            return new LogVerdict(null, 0, 0, 0, _findings.ToImmutable());
        Checkpoint? earlier = since is null ? null : Open(keys, "the earlier checkpoint", since);
        if (earlier is not null && (earlier.Origin != checkpoint.Origin || earlier.Size > checkpoint.Size))
        {
            Find(null, "checkpoint", earlier.Origin != checkpoint.Origin
                ? $"the log is {checkpoint.Origin}, and the earlier checkpoint is of {earlier.Origin}"
                : $"the log has {checkpoint.Size} records, and had {earlier.Size} when the earlier checkpoint was signed: {earlier.Size - checkpoint.Size} are gone");
            earlier = null;
        }
        for (long bundle = 0; bundle * TilePath.Width < checkpoint.Size; bundle++)
        {
            int width = (int)Math.Min(TilePath.Width, checkpoint.Size - bundle * TilePath.Width);
            Bundle(bundle, width, earlier);
            progress?.Invoke(Math.Min(checkpoint.Size, (bundle + 1) * TilePath.Width), checkpoint.Size);
        }
        Levels(checkpoint.Size);
        Judge(checkpoint);
        IReadOnlyList<LogFinding> ofJournal = JournalCheck.Run(_folder, checkpoint.Size, out long unsigned);
        foreach (LogFinding finding in ofJournal)
            Find(finding.Number, finding.File, finding.Message);
        Beyond(keys, checkpoint.Size);
        return new LogVerdict(new AuditCheckpoint(note, checkpoint.Origin, checkpoint.Size, checkpoint.Root.ToString()), _hashed, _removed, unsigned, _findings.ToImmutable());
    }

    private void Bundle(long bundle, int width, Checkpoint? earlier)
    {
        TreeHash[]? hashes = _folder.ReadHashes(0, bundle, width);
        if (hashes is null)
            Find(null, TilePath.Hashes(0, bundle, width), "the tile of hashes is missing or too short");
        IReadOnlyList<ReadOnlyMemory<byte>> entries = Entries(bundle, width, hashes is not null);
        for (int i = 0; i < width; i++)
        {
            long number = bundle * TilePath.Width + i;
            TreeHash? leaf = i < entries.Count ? TreeHash.OfLeaf(entries[i].Span) : null;
            if (leaf is not null)
            {
                _hashed++;
                if (hashes is not null && leaf != hashes[i])
                    Differs(number, leaf.Value);
                else
                    Claims(number, bundle, _read(entries[i]));
            }
            if ((leaf ?? hashes?[i]) is not { } known)
            {
                _isBroken = true;
                continue;
            }
            _records.Append(known);
            _hashes.Append(hashes?[i] ?? known);
            Climb(hashes?[i] ?? known);
            if (!_isBroken && earlier is not null && _records.Size == earlier.Size && _records.Root != earlier.Root)
                Find(null, "checkpoint", $"the first {earlier.Size} records are not those of the earlier checkpoint");
        }
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> Entries(long bundle, int width, bool hasHashes)
    {
        if (_folder.ReadEntries(bundle, width) is not { } bytes)
        {
            if (_hashed == 0 && hasHashes)
                _removed += width;
            else
                Find(null, TilePath.Entries(bundle, width), $"the records {bundle * TilePath.Width} to {bundle * TilePath.Width + width - 1} are missing");
            return [];
        }
        IReadOnlyList<ReadOnlyMemory<byte>> entries = EntryBundle.Read(bytes, out bool isWhole);
        if (entries.Count < width)
            Find(bundle * TilePath.Width + entries.Count, TilePath.Entries(bundle, width), $"{width - entries.Count} records fewer than were signed: the file holds {entries.Count} and should hold {width}");
        else if (!isWhole)
            Find(null, TilePath.Entries(bundle, width), "more stands behind its last record");
        return entries;
    }

    private void Claims(long number, long bundle, RecordClaims claims)
    {
        if (claims.Number != number)
            Find(number, TilePath.Entries(bundle), claims.Number is { } said ? $"the record says that it is number {said}" : "it is no record that can be read");
        _removedBefore = Math.Max(_removedBefore, claims.RemovedBefore ?? 0);
    }

    /// <summary>A record that is not the one of its hash; where all are others, some of them are enough.</summary>
    private void Differs(long number, TreeHash leaf)
    {
        if (_others.Count <= MostFindings)
            _others.Add((number, leaf));
    }

    /// <summary>Keeps the hash of each whole tile for the level above.</summary>
    private void Climb(TreeHash hash)
    {
        _levels[0].Add(hash);
        for (int level = 0; _levels[level].Count % TilePath.Width == 0; level++)
        {
            if (level + 1 == _levels.Count)
                _levels.Add([]);
            _levels[level + 1].Add(TileTree.Join(_levels[level].ToArray().AsSpan(_levels[level].Count - TilePath.Width)));
            if (level == 0)
                _levels[0].Clear();
            if (_levels[level + 1].Count % TilePath.Width != 0)
                break;
        }
    }

    /// <summary>The tiles above the first level say nothing new; where they are wrong, proofs are.</summary>
    private void Levels(long size)
    {
        var tree = new TileTree(_folder, size);
        for (int level = 1; level < _levels.Count && !_isBroken; level++)
        {
            for (int from = 0; from < _levels[level].Count; from += TilePath.Width)
            {
                long tile = from / TilePath.Width;
                int width = tree.WidthOf(level, tile);
                if (_folder.ReadHashes(level, tile, width) is not { } hashes)
                    Find(null, TilePath.Hashes(level, tile, width), "the tile of hashes is missing or too short");
                else if (!_levels[level].Skip(from).Take(width).SequenceEqual(hashes))
                    Find(null, TilePath.Hashes(level, tile, width), "the tile of hashes is not that of the tiles below it");
            }
        }
    }

    private void Judge(Checkpoint checkpoint)
    {
        bool areSigned = !_isBroken && _records.Root == checkpoint.Root, areHashesSigned = !_isBroken && _hashes.Root == checkpoint.Root;
        foreach ((long number, TreeHash leaf) in _others)
        {
            string file = areSigned ? TilePath.Hashes(0, number / TilePath.Width) : TilePath.Entries(number / TilePath.Width);
            Find(number, file, areSigned ? "the record is the one that was signed, and its hash in the tile is another" : Other(number, leaf, checkpoint.Size));
        }
        if (!areSigned && !areHashesSigned && !_isBroken)
        {
            Find(null, "checkpoint", _others.Count == 0
                ? "the records do not give the root that was signed, and agree with the hashes in the tiles: records and tiles were made anew"
                : "neither the records nor the hashes in the tiles give the root that was signed");
        }
        if (_removed > _removedBefore)
            Find(_removedBefore, TilePath.Entries(_removedBefore / TilePath.Width), $"the records {_removedBefore} to {_removed - 1} are missing, and no record says that they were removed");
    }

    /// <summary>Where else the record that stands here was signed, if anywhere near.</summary>
    private string Other(long number, TreeHash leaf, long size)
    {
        for (long bundle = Math.Max(0, number / TilePath.Width - 1); bundle <= number / TilePath.Width + 1 && bundle * TilePath.Width < size; bundle++)
        {
            int width = (int)Math.Min(TilePath.Width, size - bundle * TilePath.Width);
            int place = Array.IndexOf(_folder.ReadHashes(0, bundle, width) ?? [], leaf);
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
                Find(null, "checkpoint", $"there are whole tiles after the {size} records that it covers: an earlier checkpoint was put back, and nothing vouches for what came after it");
                return;
            }
            size = announced;
        }
    }

    private static long SizeOf(IReadOnlyCollection<NoteKey> keys, string file)
    {
        try
        {
            return SignedNote.TryOpen(File.ReadAllText(file), keys, out string? text, out _) && Checkpoint.Parse(text) is { } checkpoint ? checkpoint.Size : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private Checkpoint? Open(IReadOnlyCollection<NoteKey> keys, string what, string note)
    {
        if (!SignedNote.TryOpen(note, keys, out string? text, out string? fault) || Checkpoint.Parse(text) is not { } checkpoint)
        {
            Find(null, what, fault ?? "it is no checkpoint");
            return null;
        }
        return checkpoint;
    }

    private string? ReadNote()
    {
        try
        {
            return File.ReadAllText(_folder.Checkpoint);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Find(null, "checkpoint", $"it cannot be read: {fault.Message}");
            return null;
        }
    }

    private void Find(long? number, string file, string message)
    {
        if (_findings.Count < MostFindings)
            _findings.Add(new LogFinding(number, file, message));
        else if (_findings.Count == MostFindings)
            _findings.Add(new LogFinding(null, ".", "there is more, which is not listed"));
    }
}
