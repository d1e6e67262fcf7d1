using System.Security.Cryptography;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// The one writer of a log. A record counts once its journal is flushed; tiles and the checkpoint follow, and are made again from the journal where the process ended in between. A lock on the folder
/// keeps a second writer out. Nothing in it is safe for two threads.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private readonly LogFolder _folder;
    private readonly ECDsa _private;
    private readonly FileStream _lock;
    private readonly TileWriter _tiles;
    private readonly Queue<(byte[] Entry, TreeHash Leaf)> _unpublished = [];
    private readonly Frontier _frontier;
    private readonly long _longestJournal;
    private Journal _journal;
    private long _firstBundle;

    private LogWriter(LogFolder folder, NoteKey key, ECDsa signing, long longestJournal, FileStream locked, Journal journal, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries)
    {
        (_folder, Key, _private, _longestJournal, _lock, _journal) = (folder, key, signing, longestJournal, locked, journal);
        _tiles = new TileWriter(folder, journal.From);
        _frontier = Frontier.Of(journal.From, new TileTree(folder, journal.From).WholeSubtree);
        foreach ((byte[] entry, TreeHash leaf) in entries)
            Count(entry, leaf);
    }

    /// <summary>The key that signs the checkpoints.</summary>
    public NoteKey Key { get; }

    /// <summary>How many records there are.</summary>
    public long Size => _frontier.Size;

    /// <summary>The checkpoint that was published last.</summary>
    public Checkpoint Published { get; private set; } = new("", 0, TreeHash.OfNothing);

    /// <summary>How many bytes at the end of the journal were of no whole record, when it was opened.</summary>
    public long Cut { get; private init; }

    /// <summary>Opens a log, or begins one where there is none.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="origin">The name of a log that begins now.</param>
    /// <param name="signing">The key that signs. It stays its owner's.</param>
    /// <param name="longestJournal">A journal of more bytes is begun anew, once all that it holds is in tiles on disk.</param>
    /// <exception cref="AuditLogException">Another process writes it, it is signed by another key, or it is not what was signed.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static LogWriter Open(LogFolder folder, string origin, ECDsa signing, long longestJournal)
    {
        folder.Create();
        FileStream locked = Lock(folder);
        try
        {
            IReadOnlyList<(long From, string Path)> journals = folder.Journals();
            LogWriter writer = File.Exists(folder.Checkpoint) || journals.Count > 0
                ? Continue(folder, signing, longestJournal, locked, journals)
                : new LogWriter(folder, NoteKey.Of(origin, signing), signing, longestJournal, locked, Journal.Create(folder, 0, []), []) { Published = new Checkpoint(origin, 0, TreeHash.OfNothing) };
            folder.Replace(folder.Key, $"{writer.Key}\n");
            writer.Publish();
            return writer;
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <summary>Appends records; they count when this comes back, and none does where it throws.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Commit(IReadOnlyList<byte[]> entries)
    {
        (byte[] Entry, TreeHash Leaf)[] hashed = [.. entries.Select(entry => (entry, TreeHash.OfLeaf(entry)))];
        _journal.Commit(hashed);
        foreach ((byte[] entry, TreeHash leaf) in hashed)
            Count(entry, leaf);
    }

    /// <summary>Writes the tiles of all records, and a checkpoint over them. What fails is tried again the next time.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Publish()
    {
        while (_unpublished.TryPeek(out (byte[] Entry, TreeHash Leaf) next))
        {
            // It may have been added, and what it made whole not written.
            if (_tiles.Size == Size - _unpublished.Count)
                _tiles.Add(next.Entry, next.Leaf);
            _unpublished.Dequeue();
        }
        _tiles.WritePartial();
        var checkpoint = new Checkpoint(Key.Name, Size, _frontier.Root);
        _folder.Replace(_folder.Checkpoint, SignedNote.Sign(checkpoint.Text, Key, _private));
        Published = checkpoint;
        if (_journal.Length > _longestJournal)
            Turn();
    }

    /// <summary>Removes the whole bundles of entries before a record. Their hashes stay, so that what is left can still be proven. A record that says so comes first.</summary>
    /// <returns>How many entries were removed now.</returns>
    public long Remove(long before)
    {
        long removed = 0;
        // What the journal holds would come back with the next start.
        if (before > _journal.From)
            Turn();
        // The oldest first: what is missing is then always missing from the beginning on, whenever the process ends.
        for (; _firstBundle < Math.Min(before, Published.Size) / TilePath.Width; _firstBundle++)
        {
            string bundle = _folder.At(TilePath.Entries(_firstBundle));
            removed += File.Exists(bundle) ? TilePath.Width : 0;
            File.Delete(bundle);
        }
        return removed;
    }

    public void Dispose()
    {
        _journal.Dispose();
        _lock.Dispose();
    }

    private static LogWriter Continue(LogFolder folder, ECDsa signing, long longestJournal, FileStream locked, IReadOnlyList<(long From, string Path)> journals)
    {
        if (journals.Count == 0)
            throw new AuditLogException($"the journal of the log `{folder.Path}` is gone: move what is left of the log away, and keep it");
        Checkpoint? published = File.Exists(folder.Checkpoint) ? Believe(folder, signing) : null;
        // Of two the later one was begun, and the earlier not yet removed: it holds all that the later one does.
        foreach ((_, string path) in journals.Skip(1))
            File.Delete(path);
        var journal = Journal.Open(journals[0].Path, journals[0].From, out IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries, out long cut);
        if (published is null && journal.From > 0)
            throw new AuditLogException($"the checkpoint of the log `{folder.Path}` is gone: move what is left of the log away, and keep it");
        try
        {
            Demand(folder, published, journal.From, entries);
            NoteKey key = NoteKey.Of(published?.Origin ?? "policym2m.audit", signing);
            return new LogWriter(folder, key, signing, longestJournal, locked, journal, entries) { Published = published ?? new Checkpoint(key.Name, 0, TreeHash.OfNothing), Cut = cut };
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    private static Checkpoint Believe(LogFolder folder, ECDsa signing)
    {
        string note = File.ReadAllText(folder.Checkpoint);
        string origin = note.Split('\n')[0];
        string? fault = "its name is none";
        return NoteKey.IsName(origin) && SignedNote.TryOpen(note, [NoteKey.Of(origin, signing)], out string? text, out fault) && Checkpoint.Parse(text) is { } checkpoint
            ? checkpoint
            : throw new AuditLogException($"the checkpoint of the log `{folder.Path}` is not one that this decision point signed: {fault ?? "it is no checkpoint"}; move the log away, and keep it");
    }

    /// <summary>What was signed must still be there, and be what was signed.</summary>
    private static void Demand(LogFolder folder, Checkpoint? published, long from, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> entries)
    {
        if (published is null)
            return;
        if (published.Size > from + entries.Count)
            throw new AuditLogException($"the log `{folder.Path}` was signed with {published.Size} records and has {from + entries.Count}: move it away, and keep it; `m2m audit verify` says which are missing");
        Frontier frontier;
        if (published.Size >= from)
        {
            frontier = Frontier.Of(from, new TileTree(folder, from).WholeSubtree);
            foreach ((_, TreeHash leaf) in entries.Take((int)(published.Size - from)))
                frontier.Append(leaf);
        }
        else
        {
            frontier = Frontier.Of(published.Size, new TileTree(folder, published.Size).WholeSubtree);
        }
        if (frontier.Root != published.Root)
            throw new AuditLogException($"the records of the log `{folder.Path}` are not those that were signed: move it away, and keep it; `m2m audit verify` says which are others");
    }

    private static FileStream Lock(LogFolder folder)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            return new FileStream(folder.At("lock"), options);
        }
        catch (IOException fault) when (File.Exists(folder.At("lock")))
        {
            throw new AuditLogException($"another process writes the log `{folder.Path}`", fault);
        }
    }

    private void Count(byte[] entry, TreeHash leaf)
    {
        _frontier.Append(leaf);
        _unpublished.Enqueue((entry, leaf));
    }

    /// <summary>Begins the next journal. Until it and all tiles are on disk the one before stays.</summary>
    private void Turn()
    {
        if (_tiles.Size - _tiles.LastEntries.Count == _journal.From)
            return;
        var next = Journal.Create(_folder, Size - _tiles.LastEntries.Count, _tiles.LastEntries);
        if (FolderSync.CanFlushAll)
            FolderSync.FlushAll(_folder.Path);
        Journal before = _journal;
        _journal = next;
        before.Dispose();
        File.Delete(_folder.Journal(before.From));
    }
}
