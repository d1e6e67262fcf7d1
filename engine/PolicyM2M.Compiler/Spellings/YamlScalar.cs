using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Scalars of YAML: plain where that is safe, else in single quotes, else in double quotes.</summary>
internal static partial class YamlScalar
{
    /// <summary>The scalar's text in segments, as it was given in; a line may be broken between two.</summary>
    public static ImmutableArray<string> Of(ImmutableArray<string> segments, bool isInList = false)
    {
        string text = string.Join(' ', segments);
        if (IsPlain(text, isInList))
            return segments;
        return text.EnumerateRunes().All(rune => rune.Value != 0xFFFD && VisibleText.IsVisible(rune))
            ? [.. segments.Select((segment, i) => (i == 0 ? "'" : "") + segment.Replace("'", "''", StringComparison.Ordinal) + (i + 1 == segments.Length ? "'" : ""))]
            : [TextLiteral.Yaml(text)];
    }

    public static string Of(string text, bool isInList = false) => Of([text], isInList)[0];

    private static bool IsPlain(string text, bool isInList) =>
        text.Length > 0 && text[0] is not ('-' or '?' or ':' or ',' or '[' or ']' or '{' or '}' or '#' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' or ' ')
        && text[^1] is not (' ' or ':') && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal)
        && !(isInList && text.AsSpan().ContainsAny(",[]{}"))
        && text.All(c => c is >= ' ' and <= '~') && !OtherTypes().IsMatch(text);

    /// <summary>Words that a reader of YAML takes for null or a truth, though they are names here.</summary>
    [GeneratedRegex("^(null|~|true|false|yes|no|on|off|y|n)$", RegexOptions.IgnoreCase)]
    private static partial Regex OtherTypes();
}
