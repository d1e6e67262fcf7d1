using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Storage;

/// <summary>What a writer finds when it opens a log.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Signed">The last checkpoint that was signed; of no records where the log begins.</param>
/// <param name="Journal">The journal, ready to be appended to.</param>
/// <param name="Entries">What it holds.</param>
/// <param name="Cut">How many bytes of no whole record stood at its end.</param>
/// <param name="Mended">What was not as it had been signed, and was made anew from what was.</param>
internal sealed record FoundLog(string Origin, Checkpoint Signed, Journal Journal, IReadOnlyList<(byte[] Entry, TreeHash Leaf)> Entries, long Cut, IReadOnlyList<string> Mended)
{
    /// <summary>How many records no signed checkpoint covers.</summary>
    public long Unsigned => Journal.From + Entries.Count - Signed.Size;
}
