using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler;

/// <summary>What became of a policy set's sources.</summary>
/// <param name="Diagnostics">Every fault, sorted by file and position.</param>
/// <param name="Bundle">The compiled set; null where there is an error.</param>
/// <param name="Bytes">The bundle's bytes, as <see cref="Engine.Bundles.Bundle.Read"/> reads them; empty where there is an error.</param>
public sealed record Compilation(ImmutableArray<Diagnostic> Diagnostics, Bundle? Bundle, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The invariants of the set. They are bound, and not yet proven; empty where there is an error.</summary>
    public ImmutableArray<Claim> Invariants { get; init; } = [];
}

/// <summary>What an invariant claims of all decisions of a kind.</summary>
/// <param name="Text">The claim, in the author's words.</param>
/// <param name="Kind">The kind of decision.</param>
/// <param name="Source">Where it stands.</param>
public sealed record Claim(string Text, DecisionKind Kind, SourcePosition Source);
