using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Devices;

/// <summary>What the decision point itself knows of devices. Immutable.</summary>
internal sealed class DeviceRegistry
{
    private const string SiteAttribute = "location.site";
    private const string Devices = "devices";

    private readonly FrozenDictionary<string, DeviceContext> _devices;

    private DeviceRegistry(FrozenDictionary<string, DeviceContext> devices) => _devices = devices;

    /// <summary>A registry that knows nobody.</summary>
    public static DeviceRegistry Empty { get; } = new(FrozenDictionary<string, DeviceContext>.Empty);

    /// <summary>Every device and what is known of it.</summary>
    public IReadOnlyDictionary<string, DeviceContext> All => _devices;

    /// <summary>What is known of a device; nothing where it is not registered.</summary>
    public DeviceContext AttributesOf(string device) => _devices.GetValueOrDefault(device, DeviceContext.Empty);

    /// <summary>Where a device or a gateway is installed; null where the registry does not say.</summary>
    public string? SiteOf(string device) =>
        AttributesOf(device).Values.TryGetValue(SiteAttribute, out AttributeValue site) && site.Text.Length > 0 ? site.Text : null;

    /// <summary>Reads <c>{ "devices": { "plc-0042": { "location.site": "plant-7", … } } }</c>.</summary>
    public static bool TryParse(string json, [NotNullWhen(true)] out DeviceRegistry? registry, [NotNullWhen(false)] out string? fault)
    {
        registry = null;
        fault = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            fault = Read(document.RootElement, out Dictionary<string, DeviceContext> devices);
            if (fault is null)
                registry = new DeviceRegistry(devices.ToFrozenDictionary(StringComparer.Ordinal));
        }
        catch (JsonException malformed)
        {
            fault = $"not JSON: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}";
        }
        catch (InvalidOperationException malformed)
        {
            // Half of a surrogate pair (`\ud800`) is found only when the text is taken, and by this exception.
            fault = malformed.Message;
        }
        return registry is not null;
    }

    private static string? Read(JsonElement root, out Dictionary<string, DeviceContext> devices)
    {
        devices = [];
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(Devices, out JsonElement all) || all.ValueKind != JsonValueKind.Object)
            return $"it is no object with an object `{Devices}`";
        if (root.EnumerateObject().FirstOrDefault(property => property.Name != Devices) is { Value.ValueKind: not JsonValueKind.Undefined } other)
            return $"it has `{Printable(other.Name)}`, and only `{Devices}` has a meaning";
        foreach (JsonProperty device in all.EnumerateObject())
        {
            if (!SpiffeId.IsSegment(device.Name))
                return $"`{Printable(device.Name)}` cannot be the id of a device";
            if (!DeviceContext.TryParseJson(device.Value.GetRawText(), out DeviceContext? attributes, out string? fault))
                return $"of `{device.Name}`: {fault}";
            // A device may be taken for one that said nothing; what an operator wrote and nobody can use is a mistake to mend.
            if (attributes.Values.FirstOrDefault(value => value.Value.Kind == AttributeValueKind.Other) is { Key: { } unusable, Value: var value })
                return $"of `{device.Name}`: `{Printable(unusable)}` is {value}, and no attribute can be that";
            devices[device.Name] = attributes;
        }
        return null;
    }

    private static string Printable(string text) => string.Concat(text.Take(80).Select(c => char.IsControl(c) ? '?' : c));
}
