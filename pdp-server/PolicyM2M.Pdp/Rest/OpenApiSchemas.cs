using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace PolicyM2M.Pdp.Rest;

/// <summary>The messages that routes need, as JSON Schemas of what protobuf maps them to. Gathers them while they are asked for.</summary>
internal sealed class OpenApiSchemas
{
    private readonly SortedDictionary<string, JsonNode?> _schemas = new(StringComparer.Ordinal);

    public static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    public JsonObject All() => new(_schemas);

    public JsonObject Of(MessageDescriptor message)
    {
        switch (message.FullName)
        {
            case "google.protobuf.Timestamp":
                return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
            case "google.protobuf.Duration":
                return new JsonObject { ["type"] = "string", ["description"] = "Seconds, such as `3600s`." };
        }
        if (_schemas.TryAdd(message.Name, null))
        {
            _schemas[message.Name] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject(message.Fields.InDeclarationOrder().Select(field => KeyValuePair.Create<string, JsonNode?>(field.JsonName, OfField(field)))),
                ["additionalProperties"] = false,
            };
        }
        return Reference(message.Name);
    }

    public JsonObject OfField(FieldDescriptor field) =>
        field.IsMap ? new JsonObject { ["type"] = "object", ["additionalProperties"] = OfSingle(field.MessageType.FindFieldByNumber(2)) }
        : field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = OfSingle(field) }
        : OfSingle(field);

    private JsonObject OfSingle(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Of(field.MessageType),
        FieldType.Enum => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. field.EnumType.Values.Select(value => (JsonNode)value.Name)]) },
        FieldType.Bool => new JsonObject { ["type"] = "boolean" },
        FieldType.Bytes => new JsonObject { ["type"] = "string", ["format"] = "byte" },
        FieldType.String => new JsonObject { ["type"] = "string" },
        // Numbers of JSON hold 53 bits.
        FieldType.Int64 or FieldType.UInt64 or FieldType.SInt64 or FieldType.Fixed64 => new JsonObject { ["type"] = "string", ["format"] = "int64" },
        _ => new JsonObject { ["type"] = "integer" },
    };
}
