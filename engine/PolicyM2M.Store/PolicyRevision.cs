using PolicyM2M.Compiler;

namespace PolicyM2M.Store;

/// <summary>A policy set as one Git commit holds it. Immutable.</summary>
/// <param name="CommitId">The commit's id, in lower-case hexadecimal.</param>
/// <param name="Summary">The first line of the commit's message, without control characters.</param>
/// <param name="CommittedAt">The committer's date.</param>
/// <param name="Sources">The files of the set, in ordinal order of their paths.</param>
public sealed record PolicyRevision(string CommitId, string Summary, DateTimeOffset CommittedAt, IReadOnlyList<SourceFile> Sources);
