using System.Text.Json;
using Google.Protobuf.Reflection;

namespace PolicyM2M.Pdp.Rest;

/// <summary>
/// Finds what the library takes in JSON and should not: a field that is there twice, of which the last would count and the first be overlooked, and a number that stands for no name of the contract.
/// </summary>
internal static class RestOverlooked
{
    /// <summary>Deeper than any message is, and than the library reads.</summary>
    private const int Deepest = 128;

    /// <summary>The first such fault, for people; null where there is none.</summary>
    /// <param name="body">JSON that the library took.</param>
    /// <param name="type">What it took it for.</param>
    /// <exception cref="JsonException">It is not JSON after all.</exception>
    public static string? Find(string body, MessageDescriptor type)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Deepest });
        return OfMessage(document.RootElement, type, "");
    }

    private static string? OfMessage(JsonElement value, MessageDescriptor type, string path)
    {
        HashSet<FieldDescriptor> seen = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string place = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            // By either of its names.
            FieldDescriptor field = RestFault.FieldOf(type, member.Name)!;
            if (!seen.Add(field))
                return $"{RestFault.Place(place)} is there twice";
            if (member.Value.ValueKind != JsonValueKind.Null && OfField(member.Value, field, place) is { } fault)
                return fault;
        }
        return null;
    }

    private static string? OfField(JsonElement value, FieldDescriptor field, string place)
    {
        if (field.IsMap)
            return OfMap(value, field.MessageType.FindFieldByNumber(2), place);
        return !field.IsRepeated ? OfSingle(value, field, place)
            : value.EnumerateArray().Select((entry, i) => OfSingle(entry, field, $"{place}[{i}]")).FirstOrDefault(fault => fault is not null);
    }

    private static string? OfMap(JsonElement value, FieldDescriptor of, string place)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        return value.EnumerateObject()
            .Select(entry => seen.Add(entry.Name) ? OfSingle(entry.Value, of, $"{place}[\"{entry.Name}\"]") : $"{RestFault.Place($"{place}[\"{entry.Name}\"]")} is there twice")
            .FirstOrDefault(fault => fault is not null);
    }

    private static string? OfSingle(JsonElement value, FieldDescriptor field, string place) => field.FieldType switch
    {
        FieldType.Message when RestFault.IsOfContract(field.MessageType) => OfMessage(value, field.MessageType, place),
        FieldType.Enum when value.ValueKind == JsonValueKind.Number && (!value.TryGetInt32(out int number) || field.EnumType.FindValueByNumber(number) is null) => RestFault.Unexpected(value, field, place),
        _ => null,
    };
}
