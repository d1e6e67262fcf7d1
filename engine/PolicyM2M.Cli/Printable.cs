using System.Globalization;
using System.Text;

namespace PolicyM2M.Cli;

/// <summary>Somebody else's text on somebody's terminal: what would steer the terminal, or turn its text around, is shown as the escape that a policy would write.</summary>
internal static class Printable
{
    public static string Of(string text)
    {
        // Half of a surrogate pair, which YAML can write, is read as U+FFFD; it could be written to no stream.
        if (!text.EnumerateRunes().Any(rune => IsHidden(rune) || rune == Rune.ReplacementChar))
            return text;
        var shown = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
            shown.Append(IsHidden(rune) ? $"\\u{{{rune.Value:X}}}" : rune.ToString());
        return shown.ToString();
    }

    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
