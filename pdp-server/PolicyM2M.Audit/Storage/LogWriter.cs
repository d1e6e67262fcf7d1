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
    /// <summary>As many times longer than it should be a journal grows while tiles cannot be written; what it holds is in memory too.</summary>
    private const int LongestBehind = 4;

    /// <summary>
    /// Where so many records came since the last checkpoint, the next one goes no further than the last whole bundle, and what is left waits for the one after it: a partial bundle would be as many bytes again, and
    /// four files that are removed at once. A file system without a journal looks past what was removed of late whenever it makes a file.
    /// More than one bundle, so that each checkpoint is larger than the one before, whose partial bundle is whole by then.
    /// </summary>
    private const int Many = 16 * TilePath.Width;

    private readonly LogFolder _folder;
    private readonly ECDsa _private;
    private readonly FileStream _lock;
    private readonly TileWriter _tiles;
    private readonly Frontier _frontier;
    private readonly long _longestJournal;
    private Journal _journal;
    private long _firstBundle;

    /// <summary>How far the largest checkpoint went that was signed, though it may not be published: none that is smaller takes its place.</summary>
    private long _announced;

    private LogWriter(LogFolder folder, ECDsa signing, long longestJournal, FileStream locked, FoundLog found)
    {
        (_folder, Key, _private, _longestJournal, _lock, _journal) = (folder, NoteKey.Of(found.Origin, signing), signing, longestJournal, locked, found.Journal);
        (Published, Cut, Unsigned, Mended) = (found.Signed, found.Cut, found.Unsigned, found.Mended);
        _tiles = new TileWriter(folder, _journal.From);
        _frontier = Frontier.Of(_journal.From, new TileTree(folder, _journal.From).WholeSubtree);
        foreach ((byte[] entry, TreeHash leaf) in found.Entries)
            Count(entry, leaf);
    }

    /// <summary>The key that signs the checkpoints.</summary>
    public NoteKey Key { get; }

    /// <summary>How many records there are.</summary>
    public long Size => _frontier.Size;

    /// <summary>The checkpoint that was published last.</summary>
    public Checkpoint Published { get; private set; }

    /// <summary>How many bytes at the end of the journal were of no whole record, when it was opened.</summary>
    public long Cut { get; }

    /// <summary>How many records no signed checkpoint covered, when it was opened.</summary>
    public long Unsigned { get; }

    /// <summary>What was not as it had been signed, and was made anew.</summary>
    public IReadOnlyList<string> Mended { get; }

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
        Journal? journal = null;
        try
        {
            FoundLog found = LogStart.Find(folder, origin, signing);
            journal = found.Journal;
            var writer = new LogWriter(folder, signing, longestJournal, locked, found);
            folder.Replace(folder.Key, $"{writer.Key}\n");
            writer.Publish();
            return writer;
        }
        catch
        {
            journal?.Dispose();
            locked.Dispose();
            throw;
        }
    }

    /// <summary>Appends records; they count when this comes back, and none does where it throws.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone; or only the journal could be written for long, which no start could read if it went on.</exception>
    public void Commit(RecordBatch records)
    {
        if (_journal.Length > LongestBehind * _longestJournal)
            Publish();
        _journal.Commit(records);
        for (int i = 0; i < records.Count; i++)
            Count(records[i], records.LeafOf(i));
    }

    /// <summary>Writes the tiles of all records, and a checkpoint over them; or, where many came, of those in whole bundles. What fails is tried again the next time.</summary>
    /// <param name="mayWait">Whether another follows soon: then what is in no whole bundle may wait for it.</param>
    /// <exception cref="IOException">The disk is full, read-only or gone.</exception>
    public void Publish(bool mayWait = false)
    {
        long whole = Size - Size % TilePath.Width;
        bool isOfWhole = mayWait && Size - Published.Size >= Many && whole >= _announced;
        var checkpoint = isOfWhole ? new Checkpoint(Key.Name, whole, _frontier.RootOfWhole(TilePath.Height)) : new Checkpoint(Key.Name, Size, _frontier.Root);
        _announced = checkpoint.Size;
        _folder.Replace(_folder.Announced, SignedNote.Sign(checkpoint.Text, Key, _private));
        _tiles.Write(isOfWhole);
        _folder.Publish();
        Published = checkpoint;
        if (_journal.Length > _longestJournal)
            Turn();
    }

    /// <summary>Removes whole bundles of entries before a record. Their hashes stay, so that what is left can still be proven. A record that says so comes first.</summary>
    /// <param name="before">The first record that stays.</param>
    /// <param name="most">How many bundles are looked at now at most: nothing is written meanwhile.</param>
    /// <returns>Whether there may be more.</returns>
    public bool Remove(long before, int most)
    {
        // What the journal holds would come back with the next start.
        if (before > _journal.From)
            Turn();
        // The oldest first: what is missing is then always missing from the beginning on, whenever the process ends.
        long end = Math.Min(before, Published.Size) / TilePath.Width;
        for (int looks = 0; looks < most && _firstBundle < end; looks++)
        {
            string bundle = _folder.At(TilePath.Entries(_firstBundle));
            if (File.Exists(bundle))
            {
                File.Delete(bundle);
                _firstBundle++;
            }
            else
            {
                // Another process removed it, and mostly many more.
                _firstBundle = Math.Min(BundleSearch.Next(_folder, _firstBundle + 1, CancellationToken.None) ?? end, end);
            }
        }
        return _firstBundle < end;
    }

    public void Dispose()
    {
        _journal.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(LogFolder folder)
    {
        try
        {
            return LogFolder.Open(folder.At("lock"), FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException fault) when (File.Exists(folder.At("lock")))
        {
            throw new AuditLogException($"another process writes the log `{folder.Path}`", fault);
        }
    }

    private void Count(ReadOnlySpan<byte> entry, TreeHash leaf) => _tiles.Add(entry, leaf, _frontier.Append(leaf, TilePath.Height));

    /// <summary>Begins the next journal, once all tiles are written. Until it and they are on disk the one before stays.</summary>
    private void Turn()
    {
        RecordBatch last = RecordBatch.Of(_tiles.LastEntries());
        if (Size - last.Count == _journal.From)
            return;
        var next = Journal.Create(_folder, Size - last.Count, last);
        try
        {
            if (FolderSync.CanFlushAll)
                FolderSync.FlushAll(_folder.Path);
        }
        catch
        {
            next.Dispose();
            throw;
        }
        Journal before = _journal;
        _journal = next;
        before.Dispose();
        File.Delete(_folder.Journal(before.From));
        FolderSync.Flush(_folder.JournalFolder);
    }
}
