using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>Holds the journal against the tiles. What it holds that was signed must be what was signed; what came after that nothing vouches for yet. A copy of a log may lack it.</summary>
internal sealed class JournalCheck(LogFolder folder, ReadFiles files, Findings findings)
{
    /// <summary>Whether there is one.</summary>
    public bool IsThere { get; private set; }

    /// <summary>How many records it holds beyond those that were signed.</summary>
    public long Unsigned { get; private set; }

    /// <summary>Says what is wrong with the journal. The log may be written meanwhile.</summary>
    /// <param name="size">How many records were signed.</param>
    public void Run(long size)
    {
        // One that is not there any more, its writer has begun the next.
        (string File, long From, List<(byte[] Entry, TreeHash Leaf)> Entries)[] journals = [..
            from journal in folder.Journals()
            let bytes = files.File(journal.Path, Journal.Longest)
            where bytes is not null
            select (folder.Relative(journal.Path), journal.From, RecordBatch.Read(bytes, out _))];
        if (journals.Length == 0)
            return;
        IsThere = true;
        (string file, long from, List<(byte[] Entry, TreeHash Leaf)> entries) = journals.MaxBy(journal => journal.From + journal.Entries.Count);
        long until = from + entries.Count;
        Unsigned = Math.Max(0, until - size);
        if (until < size)
            findings.Add(until, file, $"the journal is damaged from here on: it held what was signed up to record {size - 1}");
        TreeHash[] hashes = [];
        for (long number = from; number < Math.Min(size, until); number++)
        {
            int place = (int)(number % TilePath.Width);
            if (number == from || place == 0)
                hashes = HashesFrom(number - place, size);
            TreeHash leaf = entries[(int)(number - from)].Leaf;
            if (place < hashes.Length && hashes[place] != leaf && !files.HasEntry(number, leaf))
                findings.Add(number, file, "the record in the journal is another than that of the tiles");
        }
    }

    private TreeHash[] HashesFrom(long first, long size)
    {
        int width = (int)Math.Min(TilePath.Width, size - first);
        return files.Hashes(0, first / TilePath.Width, width)?.Hashes(width) ?? [];
    }
}
