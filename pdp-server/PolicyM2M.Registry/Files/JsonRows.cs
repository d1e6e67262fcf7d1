using System.Text;
using System.Text.Json;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry.Files;

/// <summary>
/// Reads devices as JSON: <c>{ "devices": { "plc-0042": { … } } }</c>, or an array of objects with a <c>device.id</c>, or one such object a line. Nested objects spell dotted names; a null is not given.
/// </summary>
internal static class JsonRows
{
    private const string Devices = "devices";
    private const int MaximumDepth = 16;
    private const string Expected = "expected true or false, a whole number, a text or an array of texts";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaximumDepth };

    /// <summary>The rows. In one document nothing is read after malformed JSON; of lines, each is read.</summary>
    public static List<ImportRow> Read(byte[] bytes, List<ImportFault> faults)
    {
        List<ImportRow> rows = [];
        var places = new Places(bytes);
        int first = bytes.AsSpan().IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0)
            faults.Add(new ImportFault(1, 1, "there is nothing; expected devices as JSON"));
        else if (bytes[first] == '[' || IsDocument(bytes))
            Take(bytes, 0, bytes.Length, places, rows, faults, ReadDocument);
        else
        {
            foreach ((int start, int end) in places.Lines())
            {
                if (bytes.AsSpan(start, end - start).IndexOfAnyExcept(" \t\r\n"u8) >= 0)
                    Take(bytes, start, end, places, rows, faults, ReadLine);
            }
        }
        return rows;
    }

    private delegate void Reading(ref Utf8JsonReader reader, Cursor cursor);

    /// <summary>Where a reader began, and where what it finds goes.</summary>
    private sealed record Cursor(int Start, Places Places, List<ImportRow> Rows, List<ImportFault> Faults)
    {
        public (int Line, int Column) At(in Utf8JsonReader reader) => Places.At(Start + (int)reader.TokenStartIndex);

        public void Fault(in Utf8JsonReader reader, string message)
        {
            (int line, int column) = At(reader);
            Faults.Add(new ImportFault(line, column, message));
        }
    }

    private static bool IsDocument(byte[] bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, Options);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject
                && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(Devices)
                && reader.Read() && reader.TokenType == JsonTokenType.StartObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Take(byte[] bytes, int start, int end, Places places, List<ImportRow> rows, List<ImportFault> faults, Reading read)
    {
        var reader = new Utf8JsonReader(bytes.AsSpan(start, end - start), Options);
        var cursor = new Cursor(start, places, rows, faults);
        try
        {
            reader.Read();
            read(ref reader, cursor);
            while (reader.Read())
                cursor.Fault(reader, "something follows; expected the end");
        }
        catch (JsonException malformed)
        {
            // Its line and byte count from where the reader began, which is the beginning of a line.
            (int firstLine, _) = places.At(start);
            int line = firstLine + (int)(malformed.LineNumber ?? 0);
            faults.Add(new ImportFault(line, places.Column(line, (int)(malformed.BytePositionInLine ?? 0)), $"not JSON: {Reason(malformed)}"));
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is found only when the text is taken.
            cursor.Fault(reader, "the text holds half of a surrogate pair");
        }
    }

    private static string Reason(JsonException malformed) => malformed.Message.StartsWith("Expected depth to be zero", StringComparison.Ordinal)
        ? "it ends within an object or an array"
        : malformed.Message.Split(" LineNumber:")[0].TrimEnd('.');

    private static void ReadDocument(ref Utf8JsonReader reader, Cursor cursor)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                ReadDevice(ref reader, cursor, null);
            return;
        }
        reader.Read();
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string id = reader.GetString()!;
            reader.Read();
            ReadDevice(ref reader, cursor, id);
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            cursor.Fault(reader, $"only `{Devices}` has a meaning here");
            reader.Read();
            reader.Skip();
        }
    }

    private static void ReadLine(ref Utf8JsonReader reader, Cursor cursor) => ReadDevice(ref reader, cursor, null);

    private static void ReadDevice(ref Utf8JsonReader reader, Cursor cursor, string? id)
    {
        (int line, int column) = cursor.At(reader);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            cursor.Fault(reader, "this is no device; expected an object with its attributes");
            reader.Skip();
            return;
        }
        var row = new ImportRow(line, column, id, []);
        int faults = cursor.Faults.Count;
        ReadFields(ref reader, cursor, row, "");
        cursor.Rows.Add(row with { IsFaulty = cursor.Faults.Count > faults });
    }

    private static void ReadFields(ref Utf8JsonReader reader, Cursor cursor, ImportRow row, string prefix)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = prefix + reader.GetString();
            (int line, int column) = cursor.At(reader);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadFields(ref reader, cursor, row, name + ".");
                continue;
            }
            // One more than may be given tells that they are too many; each further one would be held against all before.
            if (reader.TokenType == JsonTokenType.Null || row.Fields.Count > DeviceRules.MaximumAttributes)
            {
                reader.Skip();
                continue;
            }
            if (row.Fields.Exists(field => field.Name == name))
                cursor.Faults.Add(new ImportFault(line, column, $"`{DeviceRules.Printable(name)}` is given twice"));
            else if (ReadValue(ref reader) is { Kind: not AttributeValueKind.None } value)
                row.Fields.Add(new ImportField(name, value, line, column));
            else
                cursor.Faults.Add(new ImportFault(line, column, $"`{DeviceRules.Printable(name)}` has a value that no attribute can have; {Expected}"));
        }
    }

    private static AttributeValue ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True or JsonTokenType.False:
                return AttributeValue.Of(reader.GetBoolean());
            case JsonTokenType.String:
                return AttributeValue.Of(reader.GetString()!);
            case JsonTokenType.Number:
                return reader.TryGetInt64(out long number) ? AttributeValue.Of(number) : default;
            case JsonTokenType.StartArray:
                List<string> texts = [];
                bool isSet = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType == JsonTokenType.String)
                        texts.Add(reader.GetString()!);
                    else
                        isSet = false;
                    reader.Skip();
                }
                return isSet ? AttributeValue.Of(texts) : default;
            default:
                return default;
        }
    }

    /// <summary>Bytes as lines and columns.</summary>
    private sealed class Places
    {
        private readonly byte[] _bytes;
        private readonly List<int> _starts = [0];
        private int _lineStart, _countedTo, _characters;

        public Places(byte[] bytes)
        {
            _bytes = bytes;
            for (int i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] == '\n')
                    _starts.Add(i + 1);
            }
        }

        /// <summary>Each line, without what ends it: what is missing at its end is a fault of it, and not of the next.</summary>
        public IEnumerable<(int Start, int End)> Lines() => _starts.Select((start, line) => (start, line + 1 < _starts.Count ? _starts[line + 1] - 1 : _bytes.Length));

        public (int Line, int Column) At(int offset)
        {
            int found = _starts.BinarySearch(offset);
            int line = found >= 0 ? found : ~found - 1;
            return (line + 1, Column(line + 1, offset - _starts[line]));
        }

        /// <summary>A reader asks from front to back, and what was counted of a line is not counted again: a large file of one line would take the square of its length.</summary>
        public int Column(int line, int byteInLine)
        {
            int start = _starts[Math.Min(line, _starts.Count) - 1], end = start + Math.Min(byteInLine, _bytes.Length - start);
            if (start != _lineStart || end < _countedTo)
                (_lineStart, _countedTo, _characters) = (start, start, 0);
            _characters += Encoding.UTF8.GetCharCount(_bytes.AsSpan(_countedTo, end - _countedTo));
            _countedTo = end;
            return _characters + 1;
        }
    }
}
