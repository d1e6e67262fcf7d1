using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>
/// The catalogue: every fault that a policy set can have, with its code and wording, and the list of those found so far.
/// A code never changes its meaning. Mutable while a set is compiled; one thread only.
/// </summary>
internal sealed partial class Faults
{
    /// <summary>So that a hostile file cannot make the report itself a burden. Errors and warnings are counted apart: many warnings hide no error, and are none.</summary>
    private const int MaximumPerFile = 200;

    private readonly HashSet<Diagnostic> _found = [];
    private readonly Dictionary<(string File, Severity Severity), int> _perFile = [];

    public bool HasErrors { get; private set; }

    /// <summary>All faults by file and position, each once.</summary>
    public ImmutableArray<Diagnostic> Sorted() =>
    [
        .. _found.OrderBy(d => d.Position.File, StringComparer.Ordinal).ThenBy(d => d.Position.Line).ThenBy(d => d.Position.Column)
            .ThenBy(d => d.Code, StringComparer.Ordinal).ThenBy(d => d.Message, StringComparer.Ordinal),
    ];

    private void Error(SourceText source, Span span, string code, string message, string? help = null) =>
        Add(new Diagnostic(code, Severity.Error, source.PositionOf(span), source.LengthOnLine(span), message, help));

    private void Warning(SourceText source, Span span, string code, string message, string? help = null) =>
        Add(new Diagnostic(code, Severity.Warning, source.PositionOf(span), source.LengthOnLine(span), message, help));

    private void Add(Diagnostic fault)
    {
        HasErrors |= fault.Severity == Severity.Error;
        if (_found.Contains(fault))
            return;
        (string, Severity) counted = (fault.Position.File, fault.Severity);
        int before = _perFile.GetValueOrDefault(counted);
        _perFile[counted] = before + 1;
        if (before < MaximumPerFile)
            _found.Add(fault);
        else if (before == MaximumPerFile)
            _found.Add(new Diagnostic("M2M199", fault.Severity, fault.Position, 1,
                $"too many {(fault.Severity == Severity.Error ? "errors" : "warnings")} in this file; the rest are not shown", null));
    }

    private static string? DidYouMean(string? nearest) => nearest is null ? null : $"did you mean `{nearest}`?";

    private static SourcePosition StartOf(string file) => new(file, 1, 1);
}
