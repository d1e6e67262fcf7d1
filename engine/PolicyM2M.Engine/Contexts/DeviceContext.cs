using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace PolicyM2M.Engine.Contexts;

/// <summary>What is known of a device at one moment: attribute names and their raw values. Immutable.</summary>
public sealed class DeviceContext
{
    /// <summary>The deepest nesting of objects that a JSON context may have.</summary>
    private const int MaximumDepth = 16;

    /// <summary>Of a value that cannot be used, as much as a message needs.</summary>
    private const int LongestUnusable = 40;

    private readonly ImmutableSortedDictionary<string, AttributeValue> _values;

    private DeviceContext(ImmutableSortedDictionary<string, AttributeValue> values) => _values = values;

    /// <summary>A context in which nothing is known.</summary>
    public static DeviceContext Empty { get; } = new(ImmutableSortedDictionary.Create<string, AttributeValue>(StringComparer.Ordinal));

    /// <summary>The attributes and their values, by name in ordinal order.</summary>
    public IReadOnlyDictionary<string, AttributeValue> Values => _values;

    /// <summary>A context with these attributes; of a name given twice the last counts.</summary>
    public static DeviceContext Of(IEnumerable<KeyValuePair<string, AttributeValue>> values) => new(Empty._values.SetItems(values));

    /// <summary>This context with one more attribute, or another value for it.</summary>
    public DeviceContext With(string name, AttributeValue value) => new(_values.SetItem(name, value));

    /// <summary>This context with only the attributes that <paramref name="keep"/> accepts.</summary>
    public DeviceContext Where(Func<string, bool> keep) => new(_values.RemoveRange(_values.Keys.Where(name => !keep(name))));

    /// <summary>
    /// Reads a JSON object. Nested objects spell dotted names, so <c>{"device":{"type":"plc"}}</c> and
    /// <c>{"device.type":"plc"}</c> are the same. A null is a missing attribute; a number that is not whole or not of 64 bits, and an array of other things than
    /// strings, is an unusable value of its attribute, and spoils no other.
    /// </summary>
    /// <param name="json">The text of one JSON object.</param>
    /// <param name="context">The context, where it could be read.</param>
    /// <param name="error">What is wrong and, where it can be told, at which place; null where nothing is.</param>
    public static bool TryParseJson(string json, [NotNullWhen(true)] out DeviceContext? context, [NotNullWhen(false)] out string? error)
    {
        context = null;
        error = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaximumDepth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                error = $"a context is a JSON object, not {Article(document.RootElement.ValueKind)}";
                return false;
            }
            ImmutableSortedDictionary<string, AttributeValue>.Builder values = Empty._values.ToBuilder();
            error = Read(document.RootElement, "", values);
            if (error is not null)
                return false;
            context = new DeviceContext(values.ToImmutable());
            return true;
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json finds a lone surrogate only when the text is taken.
            error = "not JSON: a string holds half of a surrogate pair";
            return false;
        }
        catch (JsonException malformed)
        {
            error = $"not JSON: {JsonFaultText.Of(json, malformed, MaximumDepth)}";
            return false;
        }
    }

    private static string? Read(JsonElement element, string prefix, ImmutableSortedDictionary<string, AttributeValue>.Builder values)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                if (Read(property.Value, name + ".", values) is { } error)
                    return error;
                continue;
            }
            if (!values.TryAdd(name, Value(property.Value)))
                return $"`{name}` is given twice";
        }
        return null;
    }

    private static AttributeValue Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => AttributeValue.Of(element.GetBoolean()),
        JsonValueKind.String => AttributeValue.Of(element.GetString()!),
        JsonValueKind.Number when element.TryGetInt64(out long number) => AttributeValue.Of(number),
        JsonValueKind.Array when element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => AttributeValue.Of(element.EnumerateArray().Select(item => item.GetString()!)),
        _ => AttributeValue.Other(element.GetRawText() is { Length: > LongestUnusable } text ? text[..LongestUnusable] + "…" : element.GetRawText()),
    };

    private static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a string",
        _ => "a truth value",
    };
}
