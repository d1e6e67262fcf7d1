using PolicyM2M.Compiler;
using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Cli;

/// <summary>Prints what is wrong with a policy set.</summary>
internal static class DiagnosticReport
{
    /// <summary>Every diagnostic with its line of source, and an empty line after each.</summary>
    public static void Write(TextWriter writer, Palette palette, IEnumerable<Diagnostic> diagnostics, IReadOnlyList<SourceFile> sources)
    {
        Dictionary<string, string> texts = sources.Where(source => source.Unreadable is null).ToDictionary(source => source.Path, source => source.Text, StringComparer.Ordinal);
        foreach (Diagnostic diagnostic in diagnostics)
        {
            var text = DiagnosticText.Of(diagnostic, texts.GetValueOrDefault(diagnostic.Position.File));
            Func<string, string> paint = diagnostic.Severity == Severity.Error ? palette.Bad : palette.Warn;
            writer.Write($"{palette.Strong(text.Place)}: {paint(text.Label)}: {palette.Strong(text.Message)}\n");
            if (text.SourceLine is not null)
                writer.Write($"  {text.SourceLine}\n  {paint(text.Carets!)}\n");
            if (text.Help is not null)
                writer.Write($"{palette.Good("help")}: {text.Help}\n");
            writer.Write('\n');
        }
    }

    /// <summary>Such as <c>3 errors and 1 warning in 2 files</c>.</summary>
    public static string Summary(IReadOnlyCollection<Diagnostic> diagnostics)
    {
        int errors = diagnostics.Count(diagnostic => diagnostic.Severity == Severity.Error);
        int warnings = diagnostics.Count - errors;
        string[] counts = [.. new[] { errors == 0 ? "" : Count(errors, "error"), warnings == 0 ? "" : Count(warnings, "warning") }.Where(count => count.Length > 0)];
        return counts.Length == 0 ? "no errors" : $"{string.Join(" and ", counts)} in {Count(diagnostics.Select(d => d.Position.File).Distinct().Count(), "file")}";
    }

    /// <summary>Such as <c>1 file</c> or <c>2 files</c>.</summary>
    public static string Count(long number, string what) =>
        number == 1 ? $"1 {what}" : what.EndsWith('y') ? $"{number} {what[..^1]}ies" : $"{number} {what}s";
}
