using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Rest;

/// <summary>Finds out why JSON is no message, and where. The parser of the library says what it did not like in its own terms and without a place; it judges all the same, and this only explains.</summary>
internal static class RestFault
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    /// <summary>The first fault, for people; null where there is none by itself.</summary>
    public static string? Find(string body, MessageDescriptor type)
    {
        if (string.IsNullOrWhiteSpace(body))
            return "it is empty; `{}` says nothing";
        try
        {
            using var document = JsonDocument.Parse(body);
            return OfMessage(document.RootElement, type, "");
        }
        catch (JsonException fault)
        {
            if (IsCutOff(body))
                return "it ends before it is whole";
            bool isDeep = fault.Message.Contains("depth", StringComparison.Ordinal);
            return isDeep ? "it is nested too deep" : $"line {(fault.LineNumber ?? 0) + 1}, byte {(fault.BytePositionInLine ?? 0) + 1}: it is not JSON";
        }
        catch (InvalidOperationException)
        {
            // JSON may write it (RFC 8259, section 8.2), and no text holds it: names and values are read as texts only here.
            return "it has a name or a text with half of a surrogate pair, which is no character";
        }
    }

    /// <summary>A field by the name that JSON has for it, or by that of the contract; null where there is none.</summary>
    public static FieldDescriptor? FieldOf(MessageDescriptor type, string name) => type.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name || field.Name == name);

    /// <summary>Whether a message has fields of its own in JSON: times and durations are texts, which the library reads.</summary>
    public static bool IsOfContract(MessageDescriptor type) => !type.FullName.StartsWith("google.protobuf.", StringComparison.Ordinal);

    /// <summary>Nothing is wrong with it but its end.</summary>
    private static bool IsCutOff(string body)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(body), isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? OfMessage(JsonElement value, MessageDescriptor type, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return $"{Place(path)} is {Kind(value)}; expected an object";
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string place = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            if (FieldOf(type, member.Name) is not { } field)
                return $"{type.Name} has no field {Place(place)}{DidYouMean(member.Name, type)}";
            if (member.Value.ValueKind != JsonValueKind.Null && OfField(member.Value, field, place) is { } fault)
                return fault;
        }
        return null;
    }

    private static string? OfField(JsonElement value, FieldDescriptor field, string place)
    {
        if (field.IsMap)
        {
            FieldDescriptor of = field.MessageType.FindFieldByNumber(2);
            return value.ValueKind != JsonValueKind.Object ? $"{Place(place)} is {Kind(value)}; expected an object by name"
                : value.EnumerateObject().Select(entry => OfSingle(entry.Value, of, $"{place}[\"{entry.Name}\"]")).FirstOrDefault(fault => fault is not null);
        }
        if (!field.IsRepeated)
            return OfSingle(value, field, place);
        return value.ValueKind != JsonValueKind.Array ? $"{Place(place)} is {Kind(value)}; expected a list"
            : value.EnumerateArray().Select((entry, i) => OfSingle(entry, field, $"{place}[{i}]")).FirstOrDefault(fault => fault is not null);
    }

    private static string? OfSingle(JsonElement value, FieldDescriptor field, string place)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return $"{Place(place)} is null; leave it out where there is none";
        if (field.FieldType == FieldType.Message && IsOfContract(field.MessageType))
            return OfMessage(value, field.MessageType, place);
        string one = field.IsRepeated ? $"[{value.GetRawText()}]" : value.GetRawText();
        try
        {
            Parser.Parse($"{{ \"{field.JsonName}\": {one} }}", field.ContainingType);
            return null;
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidJsonException or FormatException or OverflowException or ArgumentException)
        {
            return Unexpected(value, field, place);
        }
    }

    /// <summary>That a value is none of its field.</summary>
    public static string Unexpected(JsonElement value, FieldDescriptor field, string place) => $"{Place(place)} is {Kind(value)}; expected {Expected(field)}";

    private static string Expected(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Bool => "true or false",
        FieldType.String => "a text",
        FieldType.Bytes => "bytes in base64",
        FieldType.Enum => string.Join(", ", field.EnumType.Values.Skip(1).Select(value => value.Name)),
        FieldType.Int32 or FieldType.SInt32 => "a whole number of 32 bits",
        FieldType.UInt32 => "a whole number from 0 on, of 32 bits",
        FieldType.Int64 or FieldType.SInt64 => "a whole number of 64 bits",
        FieldType.UInt64 => "a whole number from 0 on, of 64 bits",
        FieldType.Message => field.MessageType.Name == "Duration" ? "seconds as a text, such as `3600s`" : "a moment as a text, such as `2027-01-31T06:00:00Z`",
        _ => "a number",
    };

    private static string DidYouMean(string name, MessageDescriptor type) =>
        Spelling.Nearest(name, type.Fields.InDeclarationOrder().Select(field => field.JsonName)) is { } nearest ? $"; did you mean `{nearest}`?" : "";

    /// <summary>A place in a message, for people.</summary>
    public static string Place(string path) => path.Length == 0 ? "the whole" : $"`{Shown(path)}`";

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => $"the text `{Shown(value.GetString() ?? "")}`",
        JsonValueKind.Null => "null",
        _ => $"`{Shown(value.GetRawText())}`",
    };

    /// <summary>As much as people need, and nothing that steers a terminal.</summary>
    private static string Shown(string text) => PlainLine.Of(string.Concat(text.EnumerateRunes().Take(80).Select(rune => rune.ToString())));
}
