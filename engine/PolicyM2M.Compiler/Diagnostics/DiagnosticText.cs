using System.Globalization;
using System.Text;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>
/// A diagnostic as people read it: where and what, the line of source, carets under the columns it covers, and what to do. Everything
/// that came from a file is made harmless: a character that a terminal would obey, or that would reorder the line, becomes U+FFFD in the line of source, and in the
/// texts whatever cannot be seen becomes the escape of a policy, such as <c>\u{A0}</c>.
/// </summary>
/// <param name="Place">File, line and column: <c>baseline.m2m:12:8</c>.</param>
/// <param name="Label">How bad it is and the code: <c>error M2M201</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="SourceLine">The line it is about, shortened where it is very long; null where the file has no such line.</param>
/// <param name="Carets">Spaces, tabs and carets that stand under <paramref name="SourceLine"/>; null where that is.</param>
/// <param name="Help">What to do about it; null where there is nothing useful to say.</param>
public sealed record DiagnosticText(string Place, string Label, string Message, string? SourceLine, string? Carets, string? Help)
{
    /// <summary>A line longer than this is shown in part.</summary>
    private const int LongestLine = 160;

    private const int ShownBefore = 60;
    private const char Ellipsis = '…';
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>The text of a diagnostic.</summary>
    /// <param name="diagnostic">The diagnostic.</param>
    /// <param name="source">The text of the file it is about; null where there is none.</param>
    public static DiagnosticText Of(Diagnostic diagnostic, string? source)
    {
        ArgumentNullException.ThrowIfNull(diagnostic);
        (string? shown, string? carets) = LineOf(source, diagnostic.Position.Line) is { } line && diagnostic.Position.Column <= line.Length + 1
            ? Underline(line, diagnostic.Position.Column - 1, diagnostic.Length)
            : (null, null);
        return new DiagnosticText(
            Harmless($"{diagnostic.Position.File}:{diagnostic.Position.Line}:{diagnostic.Position.Column}"),
            $"{(diagnostic.Severity == Severity.Error ? "error" : "warning")} {diagnostic.Code}",
            VisibleText.Of(diagnostic.Message),
            shown,
            carets,
            diagnostic.Help is null ? null : VisibleText.Of(diagnostic.Help));
    }

    /// <summary>All of it on two to four lines, without a line end after the last.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Place}: {Label}: {Message}");
        if (SourceLine is not null)
            text.Append($"\n  {SourceLine}\n  {Carets}");
        if (Help is not null)
            text.Append($"\nhelp: {Help}");
        return text.ToString();
    }

    private static string? LineOf(string? source, int number)
    {
        if (source is null || number < 1)
            return null;
        ReadOnlySpan<char> rest = source.AsSpan().TrimStart(ByteOrderMark);
        for (int line = 1; line < number; line++)
        {
            int end = rest.IndexOf('\n');
            if (end < 0)
                return null;
            rest = rest[(end + 1)..];
        }
        int last = rest.IndexOf('\n');
        return (last < 0 ? rest : rest[..last]).TrimEnd('\r').ToString();
    }

    private static (string Line, string Carets) Underline(string line, int at, int length)
    {
        int from = 0, to = line.Length;
        if (line.Length > LongestLine)
        {
            from = Boundary(line, Math.Max(0, at - ShownBefore));
            to = Boundary(line, Math.Min(line.Length, from + LongestLine));
        }
        int end = Math.Clamp(at + length, at, to);
        string before = (from > 0 ? Ellipsis.ToString() : "") + Harmless(line[from..at]);
        string covered = Harmless(line[at..end]);
        string after = Harmless(line[end..to]) + (to < line.Length ? Ellipsis.ToString() : "");

        var carets = new StringBuilder();
        foreach (Rune rune in before.EnumerateRunes())
            carets.Append(rune.Value == '\t' ? "\t" : new string(' ', TextWidth.Of(rune)));
        carets.Append('^', Math.Max(1, covered.EnumerateRunes().Sum(TextWidth.Of)));
        return (before + covered + after, carets.ToString());
    }

    /// <summary>The nearest place at or before <paramref name="index"/> that does not split a surrogate pair.</summary>
    private static int Boundary(string line, int index) => index < line.Length && char.IsLowSurrogate(line[index]) ? index - 1 : index;

    private static string Harmless(string text) => string.Concat(text.Select(c => IsHarmless(c) ? c : '\uFFFD'));

    private static bool IsHarmless(char c) => c == '\t'
        || char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            && !(c is >= '\u200E' and <= '\u200F' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u061C');
}
