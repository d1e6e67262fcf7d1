using System.Globalization;
using System.Text;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>Strings as policies write them: in double quotes on one line, with the escapes <c>\" \\ \n \t \u{1F50C}</c>.</summary>
internal static class StringLiteral
{
    private const int LongestCodePoint = 6;

    /// <summary>The first escape between two offsets that means nothing; null where there is none.</summary>
    public static Span? FirstFault(string text, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            if (text[i] != '\\')
                continue;
            if (Escape(text, i, end) is not { } escape)
                return new Span(i, Math.Min(2, end - i));
            i += escape.Length - 1;
        }
        return null;
    }

    /// <summary>What a string token (with its quotes) says; an escape that means nothing is left out, having been reported.</summary>
    public static string Unescape(string token)
    {
        if (!token.Contains('\\', StringComparison.Ordinal))
            return token[1..^1];
        var value = new StringBuilder();
        for (int i = 1; i < token.Length - 1; i++)
        {
            if (token[i] != '\\')
                value.Append(token[i]);
            else if (Escape(token, i, token.Length - 1) is { } escape)
            {
                value.Append(escape.Value);
                i += escape.Length - 1;
            }
        }
        return value.ToString();
    }

    private static (string Value, int Length)? Escape(string text, int at, int end)
    {
        if (at + 1 >= end)
            return null;
        switch (text[at + 1])
        {
            case '"':
                return ("\"", 2);
            case '\\':
                return ("\\", 2);
            case 'n':
                return ("\n", 2);
            case 't':
                return ("\t", 2);
            case 'u' when at + 2 < end && text[at + 2] == '{':
                int close = text.IndexOf('}', at + 3, Math.Min(end - at - 3, LongestCodePoint + 1));
                return close > 0
                    && int.TryParse(text.AsSpan(at + 3, close - at - 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                    && Rune.IsValid(code)
                    ? (new Rune(code).ToString(), close - at + 1)
                    : null;
            default:
                return null;
        }
    }
}
