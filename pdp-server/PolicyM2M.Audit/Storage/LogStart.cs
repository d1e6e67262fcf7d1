using System.Security.Cryptography;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Looks at a log before it is written on: what was signed must be there. What is missing or other in one of the two places that hold it, the journal and the tiles, is made anew from the other, and what
/// stood there is kept. Nothing is changed before that is known.
/// </summary>
internal static class LogStart
{
    /// <summary>Finds a log, or begins one where there is none.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="origin">The name of a log that begins now.</param>
    /// <param name="signing">The key that signs.</param>
    /// <exception cref="AuditLogException">It is signed by another key, or it is not what was signed.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static FoundLog Find(LogFolder folder, string origin, ECDsa signing)
    {
        if (!File.Exists(folder.Checkpoint))
            return Begin(folder, origin, signing);
        Checkpoint published = Believe(folder, folder.Checkpoint, signing), signed = LastSigned(folder, published, signing);
        if (folder.HasWholeTile(signed.Size / TilePath.Width))
            throw new AuditLogException($"the log `{folder.Path}` has whole tiles after the {Amount.Of(signed.Size, "record")} of its checkpoint, "
                + "which are written only once they are announced: an earlier checkpoint was put back. "
                + "Put the last one back, or move the log away, and keep it");
        IReadOnlyList<FoundJournal> journals = [.. folder.Journals().Select(journal => new FoundJournal(journal.Path, journal.From))];
        if (journals.Count == 0)
            throw new AuditLogException($"the journal of the log `{folder.Path}` is gone: move what is left of the log away, and keep it");
        // Where two reach equally far, the tiles of what only the earlier one holds may not be on disk.
        FoundJournal furthest = journals.OrderByDescending(journal => journal.Until).ThenBy(journal => journal.From).First();
        List<string> mended = [];
        string? fault = furthest.WhyNot(folder, signed);
        if (fault is not null)
            mended.Add(furthest.TryMend(folder, signed) ? $"{folder.Relative(furthest.Path)} did not hold what was signed, and was made anew from the tiles" : throw new AuditLogException(fault));
        mended.AddRange(TileCheck.KeepAltered(folder, published.Size, furthest.From, furthest.Entries));
        Journal opened = furthest.Open(folder);
        foreach (FoundJournal other in journals.Where(journal => journal != furthest))
            File.Delete(other.Path);
        return new FoundLog(signed.Origin, signed, opened, furthest.Entries, furthest.Cut, mended);
    }

    /// <summary>A log without a checkpoint begins, and that is all it can do: one is signed before the first record counts.</summary>
    private static FoundLog Begin(LogFolder folder, string origin, ECDsa signing)
    {
        if (Directory.Exists(folder.At("tile")) || folder.Journals().Any(journal => journal.From > 0 || new FileInfo(journal.Path).Length > 0))
            throw new AuditLogException($"the checkpoint of the log `{folder.Path}` is gone, and nothing else says what was signed: put it back from a copy, or move what is left of the log away, and keep it");
        string name = origin;
        if (File.Exists(folder.Key))
        {
            NoteKey? known = NoteKey.Parse(LogFolder.ReadText(folder.Key), out string? fault);
            if (known is null || known.ToString() != NoteKey.Of(known.Name, signing).ToString())
                throw new AuditLogException($"`{folder.Key}` is not the key of this decision point's log{(fault is null ? "" : $": {fault}")}; move the log away, and keep it");
            name = known.Name;
        }
        return new FoundLog(name, new Checkpoint(name, 0, TreeHash.OfNothing), Journal.Create(folder, 0, RecordBatch.Of([])), [], 0, []);
    }

    /// <summary>The checkpoint, or the later one that was announced before the process ended.</summary>
    private static Checkpoint LastSigned(LogFolder folder, Checkpoint published, ECDsa signing)
    {
        if (!File.Exists(folder.Announced))
            return published;
        Checkpoint announced = Believe(folder, folder.Announced, signing);
        return announced.Origin == published.Origin && announced.Size >= published.Size ? announced : published;
    }

    private static Checkpoint Believe(LogFolder folder, string file, ECDsa signing)
    {
        string note = LogFolder.ReadText(file);
        string origin = note.Split('\n')[0];
        string? fault = "its name is none";
        return NoteKey.IsName(origin) && SignedNote.TryOpen(note, [NoteKey.Of(origin, signing)], out string? text, out fault) && Checkpoint.Parse(text) is { } checkpoint
            ? checkpoint
            : throw new AuditLogException($"the checkpoint `{file}` is not one that this decision point signed: {fault ?? "it is no checkpoint"}; put it back as it was, or move the log away, and keep it");
    }
}
