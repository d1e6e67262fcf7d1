using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Configuration;

/// <summary>
/// Reads one object of a JSON document by the names that it may have, and gathers what is wrong instead of stopping at it. JSON is read without reflection, which a program compiled ahead
/// of time does not have.
/// </summary>
/// <param name="element">The object.</param>
/// <param name="place">Where it is in the document, as <c>callers[2]</c>; empty for the whole.</param>
/// <param name="faults">Where faults go.</param>
internal sealed class JsonReading(JsonElement element, string place, List<ConfigurationFault> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Says that something is wrong with a value.</summary>
    public void Fault(string name, string message) => faults.Add(new ConfigurationFault(PlaceOf(name), message));

    /// <summary>Whether something was said to be wrong with a value.</summary>
    public bool IsFaulty(string name) => faults.Any(fault => fault.Place == PlaceOf(name));

    /// <summary>A text that must be there.</summary>
    public string Text(string name)
    {
        if (OptionalText(name) is { } text)
            return text;
        if (!element.TryGetProperty(name, out _))
            Fault(name, "it is not there");
        return "";
    }

    /// <summary>A text, or null where it is not there.</summary>
    public string? OptionalText(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
            return text;
        Fault(name, "expected a text");
        return null;
    }

    /// <summary>A text, or a whole number as one; null where it is not there.</summary>
    public string? TextOrNumber(string name)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Number } value)
            return OptionalText(name);
        if (value.TryGetUInt32(out uint number))
            return number.ToString(CultureInfo.InvariantCulture);
        Fault(name, $"expected a name, or a whole number from 0 to {uint.MaxValue}");
        return null;
    }

    /// <summary>The path of a folder that is the agent's alone.</summary>
    /// <param name="name">The name.</param>
    /// <param name="example">A folder that would do, for the hint.</param>
    public string Folder(string name, string example)
    {
        string path = FullPath(name);
        if (Path.IsPathFullyQualified(path) && RealPath.Of(path) == "/")
            Fault(name, $"`{path}` is the root of the whole machine: name a folder of its own, such as {example}");
        return path;
    }

    /// <summary>The path of a file or folder, which must be there and absolute: a daemon has no folder that it was started in.</summary>
    public string FullPath(string name)
    {
        string path = Text(name);
        if (path.Length > 0 && !Path.IsPathFullyQualified(path))
            Fault(name, $"expected an absolute path, not `{path}`");
        return path;
    }

    /// <summary>A whole number in bounds, or null where it is not there.</summary>
    public int? OptionalNumber(string name, int least, int most)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least && number <= most)
            return number;
        Fault(name, $"expected a whole number from {least} to {most}");
        return null;
    }

    /// <summary>Texts; none where it is not there.</summary>
    public ImmutableArray<string> Texts(string name)
    {
        if (Find(name) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0))
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        Fault(name, "expected a list of texts");
        return [];
    }

    /// <summary>An object read on its own, or null where it is not there.</summary>
    public T? Object<T>(string name, Func<JsonReading, T?> read)
        where T : class
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return Read(value, PlaceOf(name), read);
        Fault(name, "expected an object");
        return null;
    }

    /// <summary>Objects, each read on its own; none where it is not there.</summary>
    public ImmutableArray<T> Objects<T>(string name, Func<JsonReading, T?> read)
        where T : class
    {
        if (Find(name) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object))
            return [.. value.EnumerateArray().Select((item, i) => Read(item, $"{PlaceOf(name)}[{i}]", read)).OfType<T>()];
        Fault(name, "expected a list of objects");
        return [];
    }

    /// <summary>A value as it is, or null where it is not there.</summary>
    public JsonElement? Element(string name) => Find(name);

    /// <summary>The JSON of a value as it is written, or null where it is not there.</summary>
    public string? Raw(string name) => Find(name)?.GetRawText();

    /// <summary>Reads an object, and says which of its names nobody knows.</summary>
    public static T? Read<T>(JsonElement element, string place, List<ConfigurationFault> faults, Func<JsonReading, T?> read)
        where T : class
    {
        var reading = new JsonReading(element, place, faults);
        T? value = read(reading);
        foreach (JsonProperty unknown in element.EnumerateObject().Where(property => !reading._known.Contains(property.Name)))
            reading.Fault(unknown.Name, $"nobody knows this name; here are {string.Join(", ", reading._known.Order(StringComparer.Ordinal))}");
        return value;
    }

    private T? Read<T>(JsonElement value, string at, Func<JsonReading, T?> read)
        where T : class => Read(value, at, faults, read);

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return element.TryGetProperty(name, out JsonElement value) ? value : null;
    }

    private string PlaceOf(string name) => place.Length == 0 ? name : $"{place}.{name}";
}
