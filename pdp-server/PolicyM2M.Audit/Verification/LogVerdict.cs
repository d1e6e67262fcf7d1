using System.Collections.Immutable;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Verification;

/// <summary>What a record says of the log it is in.</summary>
/// <param name="Number">Its own place; null where it cannot be read.</param>
/// <param name="RemovedBefore">That the entries before this number were removed; null where it says nothing of that.</param>
public readonly record struct RecordClaims(long? Number, long? RemovedBefore);

/// <summary>What became of looking a log through.</summary>
/// <param name="Checkpoint">Its checkpoint; null where there is none that can be read.</param>
/// <param name="Records">How many records were read and hashed.</param>
/// <param name="Removed">How many entries were removed from its beginning, of which only the hashes are left.</param>
/// <param name="Unsigned">How many records came after the checkpoint, so that nothing vouches for them yet.</param>
/// <param name="Findings">What is wrong; empty where nothing is.</param>
public sealed record LogVerdict(AuditCheckpoint? Checkpoint, long Records, long Removed, long Unsigned, ImmutableArray<LogFinding> Findings)
{
    /// <summary>Whether the journal is there, as in the folder of a decision point. A copy may lack it; then nothing is known of records after the checkpoint.</summary>
    public bool HasJournal { get; init; }

    /// <summary>Whether every record is the one that was signed.</summary>
    public bool IsSound => Findings.IsEmpty;
}

/// <summary>Something wrong with a log.</summary>
/// <param name="Number">The record; null where it is not about one.</param>
/// <param name="File">The file, from the log's folder.</param>
/// <param name="Message">What is wrong.</param>
public sealed record LogFinding(long? Number, string File, string Message);
