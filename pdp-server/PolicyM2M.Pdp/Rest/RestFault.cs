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
            bool isDeep = fault.Message.Contains("depth", StringComparison.Ordinal);
            return isDeep ? "it is nested too deep" : $"line {(fault.LineNumber ?? 0) + 1}, byte {(fault.BytePositionInLine ?? 0) + 1}: it is not JSON";
        }
    }

    private static string? OfMessage(JsonElement value, MessageDescriptor type, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return $"{Place(path)} is {Kind(value)}; expected an object";
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string place = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            FieldDescriptor? field = type.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == member.Name || field.Name == member.Name);
            if (field is null)
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
        // Times and durations are texts, which the library reads.
        if (field.FieldType == FieldType.Message && !field.MessageType.FullName.StartsWith("google.protobuf.", StringComparison.Ordinal))
            return OfMessage(value, field.MessageType, place);
        string one = field.IsRepeated ? $"[{value.GetRawText()}]" : value.GetRawText();
        try
        {
            Parser.Parse($"{{ \"{field.JsonName}\": {one} }}", field.ContainingType);
            return null;
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidJsonException or FormatException or OverflowException or ArgumentException)
        {
            return $"{Place(place)} is {Kind(value)}; expected {Expected(field)}";
        }
    }

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

    private static string Place(string path) => path.Length == 0 ? "the whole" : $"`{Shown(path)}`";

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
