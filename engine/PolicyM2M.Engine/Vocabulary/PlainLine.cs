using System.Globalization;
using System.Text;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>Somebody else's text where a log or a terminal takes one line: a host, or the author of a commit, may have written anything.</summary>
public static class PlainLine
{
    /// <summary>
    /// The text with a space in place of each character that would begin a line, steer a terminal, or hide or turn around the text beside it: Unicode's control and format characters (bidirectional ones
    /// among them), and its separators of lines and paragraphs.
    /// </summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.EnumerateRunes().Any(Steers) ? string.Concat(text.EnumerateRunes().Select(rune => Steers(rune) ? " " : rune.ToString())) : text;
    }

    /// <summary>Whether a character would do that, so that whoever shows another mark than a space in its place goes by the same rule.</summary>
    public static bool Steers(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
