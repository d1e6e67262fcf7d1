using System.Text;
using System.Text.Json;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Where in a text of JSON each of its names and values stands, by its place in the document as messages write it: <c>callers[2].user</c>.</summary>
internal sealed class JsonPlaces
{
    private readonly Dictionary<string, int> _starts = new(StringComparer.Ordinal);
    private readonly Dictionary<ConfigurationFault, int> _repeated = [];
    private readonly ReadOnlyMemory<byte> _json;

    private JsonPlaces(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>Reads where everything stands.</summary>
    /// <exception cref="JsonException">It is no JSON, or a text in it is none.</exception>
    public static JsonPlaces Of(ReadOnlyMemory<byte> json, JsonDocumentOptions options)
    {
        var places = new JsonPlaces(json);
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { CommentHandling = options.CommentHandling, AllowTrailingCommas = options.AllowTrailingCommas, MaxDepth = options.MaxDepth });
        if (reader.Read())
            places.Value(ref reader, "");
        // What comes after the document is read too: it must be nothing.
        while (reader.Read())
        {
        }
        return places;
    }

    /// <summary>Names that an object gives again: which of them counts is nobody's to guess.</summary>
    public IEnumerable<ConfigurationFault> Repeated => _repeated.Keys;

    /// <summary>Line and column, from 1 and in characters, of a place or of the nearest around it that is there.</summary>
    public (int Line, int Column) this[ConfigurationFault fault]
    {
        get
        {
            if (_repeated.TryGetValue(fault, out int again))
                return LineOf(again);
            for (string place = fault.Place; ; place = Around(place))
            {
                if (_starts.TryGetValue(place, out int start))
                    return LineOf(start);
                if (place.Length == 0)
                    return (1, 1);
            }
        }
    }

    private static string Around(string place) => place.LastIndexOfAny(['.', '[']) is > 0 and var end ? place[..end] : "";

    private void Value(ref Utf8JsonReader reader, string place)
    {
        _starts.TryAdd(place, (int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                    Member(ref reader, place);
                break;
            case JsonTokenType.StartArray:
                for (int i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                    Value(ref reader, $"{place}[{i}]");
                break;
            case JsonTokenType.String:
                Text(ref reader);
                break;
            default:
                break;
        }
    }

    private void Member(ref Utf8JsonReader reader, string around)
    {
        int start = (int)reader.TokenStartIndex;
        string name = Text(ref reader), place = around.Length == 0 ? name : $"{around}.{name}";
        if (!_starts.TryAdd(place, start))
            _repeated.TryAdd(new ConfigurationFault(place, $"it is given twice, first in line {LineOf(_starts[place]).Line}: leave one of them"), start);
        reader.Read();
        Value(ref reader, place);
    }

    /// <summary>The platform finds out only here that a text is none.</summary>
    private string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            (int line, int column) = LineOf((int)reader.TokenStartIndex);
            throw new JsonException("a text holds bytes that are no UTF-8, or half of a surrogate pair", null, line - 1, column - 1);
        }
    }

    private (int Line, int Column) LineOf(int start)
    {
        ReadOnlySpan<byte> before = _json.Span[..start];
        int line = before.Count((byte)'\n') + 1;
        return (line, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1);
    }
}
