using System.Text.Json.Nodes;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>Pieces of a JSON Schema (draft 7). Each call makes a new one, since a node stands at one place only.</summary>
internal static class SchemaParts
{
    public static JsonObject Ref(string definition) => new() { ["$ref"] = $"#/definitions/{definition}" };

    public static JsonObject AnyOf(params IEnumerable<JsonNode> choices) => new() { ["anyOf"] = new JsonArray([.. choices]) };

    /// <summary>One of these texts.</summary>
    public static JsonObject OneOf(params IEnumerable<string> words) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]) };

    /// <summary>One of these numbers.</summary>
    public static JsonObject OneOfNumbers(params IEnumerable<decimal> numbers) => new() { ["type"] = "number", ["enum"] = new JsonArray([.. numbers.Select(number => JsonValue.Create(number))]) };

    /// <summary>A text that is one of these patterns from its beginning to its end.</summary>
    public static JsonObject Text(params string[] patterns) => new() { ["type"] = "string", ["pattern"] = string.Join('|', patterns.Select(pattern => $"^{pattern}$")) };

    /// <summary>Any scalar that YAML does not take for nothing; a text of it says something.</summary>
    public static JsonObject Said() => new() { ["type"] = new JsonArray("string", "number", "boolean"), ["pattern"] = "\\S" };

    public static JsonObject List(JsonNode items, int least = 0, int? most = null, bool isUnique = false)
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = items };
        if (least > 0)
            list["minItems"] = least;
        if (most is { } limit)
            list["maxItems"] = limit;
        if (isUnique)
            list["uniqueItems"] = true;
        return list;
    }

    /// <summary>A mapping with these keys and no others.</summary>
    public static JsonObject Mapping(string[] required, params IEnumerable<(string Key, JsonNode Value)> properties)
    {
        var mapping = new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        if (required.Length > 0)
            mapping["required"] = new JsonArray([.. required.Select(key => JsonValue.Create(key))]);
        mapping["properties"] = new JsonObject(properties.Select(property => KeyValuePair.Create(property.Key, (JsonNode?)property.Value)));
        return mapping;
    }

    public static JsonObject Described(this JsonObject part, string description)
    {
        part["description"] = description;
        return part;
    }

    public static JsonObject NotEmpty(this JsonObject mapping)
    {
        mapping["minProperties"] = 1;
        return mapping;
    }
}
