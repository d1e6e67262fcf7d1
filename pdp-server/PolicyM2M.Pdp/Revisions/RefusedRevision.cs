using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>What the ref names and cannot be served. Immutable.</summary>
/// <param name="CommitId">The commit; empty where the ref itself cannot be read.</param>
/// <param name="SeenAt">When it was first seen.</param>
/// <param name="Diagnostics">The author's faults.</param>
/// <param name="Fault">What is wrong where it is not the author's fault; otherwise null.</param>
/// <param name="MayHeal">Whether the same commit may be served later: what the author did wrong stays wrong, what the world did may be mended.</param>
internal sealed record RefusedRevision(string CommitId, DateTimeOffset SeenAt, ImmutableArray<Diagnostic> Diagnostics, string? Fault, bool MayHeal)
{
    /// <summary>Whether it does not follow what was let in before: an operator may let it in all the same.</summary>
    public bool IsOtherHistory { get; init; }
}
