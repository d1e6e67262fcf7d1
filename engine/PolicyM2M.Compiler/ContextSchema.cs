using System.Globalization;
using System.Text.Json.Nodes;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler;

/// <summary>The JSON Schema (draft 7) of a policy set's contexts, so that an editor helps to write them.</summary>
public static class ContextSchema
{
    /// <summary>The schema. Each attribute stands under its dotted name, and as nested objects spell it. Other names are let through: a decision point ignores them, and says so.</summary>
    public static string Of(Bundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        var properties = new JsonObject();
        foreach (AttributeDefinition attribute in bundle.Attributes.Values.Where(attribute => attribute.AgeOf is null))
        {
            properties[attribute.Name] = Property(attribute);
            string[] words = attribute.Name.Split('.');
            JsonObject inner = properties;
            foreach (string word in words[..^1])
                inner = (JsonObject)((inner[word] as JsonObject is { } known && known.ContainsKey("properties") ? known : Nested(inner, word))["properties"]!);
            if (words.Length > 1)
                inner[words[^1]] = Property(attribute);
        }
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = $"Contexts of {bundle.Name}",
            ["type"] = "object",
            ["properties"] = properties,
        };
        return schema.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static JsonObject Nested(JsonObject inner, string word)
    {
        var nested = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
        inner[word] = nested;
        return nested;
    }

    private static JsonObject Property(AttributeDefinition attribute)
    {
        var property = new JsonObject { ["description"] = $"{attribute.Description} ({attribute.Provenance.ToString().ToLowerInvariant()})" };
        switch (attribute.Type)
        {
            case AttributeType.Bool:
                property["type"] = "boolean";
                break;
            case AttributeType.Int:
                property["type"] = "integer";
                if (attribute.Minimum is { } minimum)
                    property["minimum"] = minimum;
                if (attribute.Maximum is { } maximum)
                    property["maximum"] = maximum;
                break;
            case AttributeType.Set:
                property["type"] = "array";
                property["items"] = Text(attribute);
                break;
            default:
                foreach ((string key, JsonNode? value) in Text(attribute).ToList())
                    property[key] = value?.DeepClone();
                break;
        }
        return property;
    }

    private static JsonObject Text(AttributeDefinition attribute)
    {
        var text = new JsonObject { ["type"] = "string" };
        if (attribute.Values.Length > 0)
            text["enum"] = new JsonArray([.. attribute.Values.Select(value => JsonValue.Create(value))]);
        if (PatternOf(attribute.Type) is { } pattern)
            text["pattern"] = $"^{pattern}$";
        if (Example(attribute.Type) is { } example)
            text["examples"] = new JsonArray(example);
        return text;
    }

    /// <summary>What a value looks like that is a text. The limits of a duration are no matter of its looks: those the compiler knows.</summary>
    private static string? PatternOf(AttributeType type) => type switch
    {
        AttributeType.Version => ValuePatterns.ReportedVersion,
        AttributeType.Duration => ValuePatterns.Duration,
        AttributeType.Instant => ValuePatterns.Instant,
        AttributeType.Address => ValuePatterns.Address,
        _ => null,
    };

    private static string? Example(AttributeType type) => type switch
    {
        AttributeType.Version => "2.4.0",
        AttributeType.Duration => DurationText.Format(6 * 86_400),
        AttributeType.Instant => DateTimeOffset.UnixEpoch.AddYears(57).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        AttributeType.Address => "10.0.0.7",
        _ => null,
    };
}
