using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry;

/// <summary>
/// Attribute names and values, by name in ordinal order. Immutable, equal by content, and made to be shared: devices of one kind mostly have the same, and a
/// registry of a hundred thousand holds each set once.
/// </summary>
public sealed class DeviceAttributes : IEquatable<DeviceAttributes>
{
    /// <summary>As people write names of sites: letters beyond ASCII stay what they are.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private DeviceAttributes(ImmutableArray<KeyValuePair<string, AttributeValue>> items) => Items = items;

    /// <summary>None.</summary>
    public static DeviceAttributes None { get; } = new([]);

    /// <summary>The attributes.</summary>
    public ImmutableArray<KeyValuePair<string, AttributeValue>> Items { get; }

    /// <summary>Those attributes; of a name given twice the last counts.</summary>
    public static DeviceAttributes Of(IEnumerable<KeyValuePair<string, AttributeValue>> values) => Of(DeviceContext.Of(values));

    /// <summary>The attributes of a context.</summary>
    public static DeviceAttributes Of(DeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Values.Count == 0 ? None : new([.. context.Values]);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static bool TryParseJson(string json, [NotNullWhen(true)] out DeviceAttributes? attributes, [NotNullWhen(false)] out string? fault)
    {
        attributes = DeviceContext.TryParseJson(json, out DeviceContext? context, out fault) ? Of(context) : null;
        return attributes is not null;
    }

    /// <summary>One JSON object; equal attributes give equal texts.</summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            foreach ((string name, AttributeValue value) in Items)
            {
                json.WritePropertyName(name);
                Write(json, value);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>These attributes, with every name and text taken from <paramref name="same"/>, which gives one instance for all equal texts.</summary>
    internal DeviceAttributes Shared(Func<string, string> same) =>
        new([.. Items.Select(item => KeyValuePair.Create(same(item.Key), item.Value.Kind == AttributeValueKind.Text ? AttributeValue.Of(same(item.Value.Text)) : item.Value))]);

    /// <inheritdoc/>
    public bool Equals(DeviceAttributes? other) => other is not null && (ReferenceEquals(this, other) || Items.AsSpan().SequenceEqual(other.Items.AsSpan()));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DeviceAttributes);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach ((string name, AttributeValue value) in Items)
        {
            hash.Add(name, StringComparer.Ordinal);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => ToJson();

    private static void Write(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value.Kind)
        {
            case AttributeValueKind.Boolean:
                json.WriteBooleanValue(value.Boolean);
                break;
            case AttributeValueKind.Integer:
                json.WriteNumberValue(value.Integer);
                break;
            case AttributeValueKind.Text:
                json.WriteStringValue(value.Text);
                break;
            case AttributeValueKind.Set:
                json.WriteStartArray();
                foreach (string text in value.Texts)
                    json.WriteStringValue(text);
                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"{value} is no value of an attribute");
        }
    }
}
