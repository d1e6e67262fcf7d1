using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Compiler;

/// <summary>What became of a policy set's sources.</summary>
/// <param name="Diagnostics">Every fault, sorted by file and position.</param>
/// <param name="Bundle">The compiled set; null where there is an error.</param>
/// <param name="Bytes">The bundle's bytes, as <see cref="Engine.Bundles.Bundle.Read"/> reads them; empty where there is an error.</param>
public sealed record Compilation(ImmutableArray<Diagnostic> Diagnostics, Bundle? Bundle, ReadOnlyMemory<byte> Bytes);
