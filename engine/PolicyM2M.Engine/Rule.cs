using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>Where in the policy set's sources something is written.</summary>
/// <param name="File">The path within the policy set, with <c>/</c> between folders.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column in UTF-16 units, from 1.</param>
public readonly record struct SourcePosition(string File, int Line, int Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>One thing a policy says under a condition: a case of a block, a <c>require</c> or a <c>forbid</c>.</summary>
/// <param name="Policy">The policy's name; empty for a rule by omission, which says what holds where no policy says anything.</param>
/// <param name="Label">What it is called within the policy: <c>auth case 2</c>, <c>auth otherwise</c>, <c>require public-tls13</c>.</param>
/// <param name="Source">Where it is written.</param>
/// <param name="Says">What it contributes where it applies: a partial outcome, or a denial.</param>
public sealed record Rule(string Policy, string Label, SourcePosition Source, Outcome Says)
{
    /// <summary>The kind of decision it contributes to.</summary>
    public DecisionKind Kind => Says.Kind;

    /// <summary>Whether it is a case of a block. Only these grant anything: a <c>require</c> or <c>forbid</c> tightens.</summary>
    public bool IsCase { get; init; }

    /// <summary>Whether it says what holds where no policy says anything: nothing is ever granted by omission.</summary>
    public bool IsByOmission => Policy.Length == 0;

    /// <inheritdoc/>
    public override string ToString() => Policy.Length == 0 ? $"{Label} ({Source})" : $"{Policy} {Label} ({Source})";
}
