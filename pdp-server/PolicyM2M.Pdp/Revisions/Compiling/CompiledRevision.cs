using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>A commit of the source, compiled and tested.</summary>
/// <param name="CommitId">The commit.</param>
/// <param name="Summary">Its summary.</param>
/// <param name="Diagnostics">Every fault of its sources, and every test of its own that fails.</param>
/// <param name="Bundle">The compiled set; null where there is an error or a test fails.</param>
internal sealed record CompiledRevision(string CommitId, string Summary, ImmutableArray<Diagnostic> Diagnostics, Bundle? Bundle);
