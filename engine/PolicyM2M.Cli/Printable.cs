using System.Text;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>Somebody else's text on somebody's terminal: what would steer the terminal, or turn its text around, is shown as the escape that a policy would write.</summary>
internal static class Printable
{
    public static string Of(string text)
    {
        // Half of a surrogate pair, which YAML can write, is read as U+FFFD; it could be written to no stream.
        if (!text.EnumerateRunes().Any(rune => PlainLine.Steers(rune) || rune == Rune.ReplacementChar))
            return text;
        var shown = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
            shown.Append(PlainLine.Steers(rune) ? $"\\u{{{rune.Value:X}}}" : rune.ToString());
        return shown.ToString();
    }
}
