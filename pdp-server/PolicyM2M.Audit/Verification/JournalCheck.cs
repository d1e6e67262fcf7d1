using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>Holds the journal against the tiles. What it holds that was signed must be what was signed; what came after that nothing vouches for yet. A copy of a log may lack it.</summary>
internal static class JournalCheck
{
    /// <summary>What is wrong with the journal.</summary>
    /// <param name="folder">The log. It may be written meanwhile.</param>
    /// <param name="size">How many records were signed.</param>
    /// <param name="unsigned">How many the journal holds beyond these.</param>
    public static IReadOnlyList<LogFinding> Run(LogFolder folder, long size, out long unsigned)
    {
        List<LogFinding> findings = [];
        unsigned = 0;
        List<(string File, long From, List<(byte[] Entry, TreeHash Leaf)> Entries)> journals = [.. folder.Journals().Select(journal => Read(folder, journal)).OfType<(string, long, List<(byte[], TreeHash)>)>()];
        if (journals.Count == 0)
            return findings;
        (string file, long from, List<(byte[] Entry, TreeHash Leaf)> entries) = journals.MaxBy(journal => journal.From + journal.Entries.Count);
        long until = from + entries.Count;
        unsigned = Math.Max(0, until - size);
        if (until < size)
            findings.Add(new LogFinding(until, file, $"the journal is damaged from here on: it held what was signed up to record {size - 1}"));
        TreeHash[] hashes = [];
        for (long number = from; number < Math.Min(size, until); number++)
        {
            int place = (int)(number % TilePath.Width);
            if (number == from || place == 0)
                hashes = folder.ReadHashes(0, number / TilePath.Width, (int)Math.Min(TilePath.Width, size - (number - place))) ?? [];
            TreeHash leaf = entries[(int)(number - from)].Leaf;
            if (place < hashes.Length && hashes[place] != leaf && !folder.HasEntry(number, leaf))
                findings.Add(new LogFinding(number, file, "the record in the journal is another than that of the tiles"));
        }
        return findings;
    }

    private static (string, long, List<(byte[], TreeHash)>)? Read(LogFolder folder, (long From, string Path) journal)
    {
        try
        {
            return (folder.Relative(journal.Path), journal.From, Journal.Read(File.ReadAllBytes(journal.Path), out _));
        }
        catch (FileNotFoundException)
        {
            // Its writer has begun the next.
            return null;
        }
    }
}
