using System.Text;
using System.Text.Json;

namespace PolicyM2M.Engine.Contexts;

/// <summary>Why a text is no JSON: where, in bytes of UTF-8 as RFC 8259 has it, and in our words what stands there.</summary>
internal static class JsonFaultText
{
    public static string Of(string json, JsonException malformed, int deepest)
    {
        if (json.AsSpan().Trim().IsEmpty)
            return "it is empty";
        string what = What(json, malformed, deepest);
        return malformed.LineNumber is { } line ? $"line {line + 1}, byte {malformed.BytePositionInLine + 1}: {what}" : what;
    }

    private static string What(string json, JsonException malformed, int deepest)
    {
        if (malformed.Message.Contains("maximum configured depth", StringComparison.Ordinal))
            return $"its objects are nested more than {deepest} deep";
        if (malformed.Message.Contains("uplicate", StringComparison.Ordinal))
            return GivenTwice(json) is { } name ? $"one object gives `{name}` twice" : "one object gives a name twice";
        return malformed.LineNumber is not { } line || malformed.BytePositionInLine is not { } place ? "it cannot be read" : At(json, line, place) switch
        {
            null => "it ends too early: is a quote, a `}` or a `]` missing?",
            '\'' => "a name and a text stand in double quotes, not in single ones",
            '/' or '#' => "JSON has no comments",
            '}' or ']' => "expected a name or a value before the bracket: is there a `,` too many, or another bracket open?",
            '"' => "a `,` or a `:` is missing before the quote",
            _ when malformed.Message.Contains("within a JSON string", StringComparison.Ordinal) || malformed.Message.Contains("escap", StringComparison.Ordinal) =>
                "a text has a line end, a control character or an escape that JSON has not",
            { } sign when char.IsAsciiLetter(sign) => "a name or a text without double quotes; only true, false, null and numbers have none",
            _ => "a name, a value or a `,` is expected, and something else stands here",
        };
    }

    /// <summary>The first name that one object has twice; null where it cannot be told.</summary>
    private static string? GivenTwice(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        var open = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                    open.Push(new HashSet<string>(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject)
                    open.Pop();
                else if (reader.TokenType == JsonTokenType.PropertyName && !open.Peek().Add(reader.GetString()!))
                    return reader.GetString();
            }
        }
        catch (Exception further) when (further is JsonException or InvalidOperationException)
        {
            // Behind the first fault there may be others.
        }
        return null;
    }

    /// <summary>The character at a place; null at the end of the text.</summary>
    private static char? At(string json, long line, long place)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        int at = 0;
        for (; line > 0 && at < bytes.Length; at++)
            line -= bytes[at] == '\n' ? 1 : 0;
        return at + place < bytes.Length ? (char)bytes[at + place] : null;
    }
}
