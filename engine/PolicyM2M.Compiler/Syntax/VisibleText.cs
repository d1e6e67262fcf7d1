using System.Globalization;
using System.Text;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>What a reader sees of a text.</summary>
internal static class VisibleText
{
    /// <summary>Whether a reader sees the character, and sees nothing else in it: a space that is not the usual one, and what has no shape or no meaning, is not seen.</summary>
    public static bool IsVisible(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    /// <summary>The text, with escapes as a policy writes them in place of what cannot be seen; half of a surrogate pair becomes U+FFFD.</summary>
    public static string Of(string text) => string.Concat(text.EnumerateRunes().Select(rune => IsVisible(rune) ? rune.ToString() : Escape(rune)));

    /// <summary>The escape of the policy language for a character.</summary>
    public static string Escape(Rune rune) => $"\\u{{{rune.Value:X}}}";
}
