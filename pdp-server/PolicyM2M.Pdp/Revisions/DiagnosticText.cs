using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>A diagnostic as one line of a log.</summary>
internal static class DiagnosticText
{
    /// <summary><c>file:line:col: error M2M203: message; help</c>, whatever the author's text holds.</summary>
    public static string OfLine(Diagnostic diagnostic)
    {
        string help = diagnostic.Help is null ? "" : $"; {diagnostic.Help}";
        string severity = diagnostic.Severity == Severity.Error ? "error" : "warning";
        string line = $"{diagnostic.Position.File}:{diagnostic.Position.Line}:{diagnostic.Position.Column}: {severity} {diagnostic.Code}: {diagnostic.Message}{help}";
        return PlainLine.Of(line);
    }
}
