namespace PolicyM2M.Registry.Databases;

/// <summary>While many devices are read, gives one instance for all that is equal: names of sites, values, whole sets of attributes. For one thread, and for one reading.</summary>
internal sealed class SharedTexts
{
    private readonly Dictionary<string, DeviceAttributes> _attributes = [];
    private readonly Dictionary<string, string> _texts = [];

    /// <summary>The one instance of a text.</summary>
    public string Same(string text) => _texts.TryGetValue(text, out string? known) ? known : _texts[text] = text;

    /// <summary>The one instance of what a database says of a device.</summary>
    /// <exception cref="RegistryUnavailableException">It is not what this program writes.</exception>
    public DeviceAttributes Attributes(string device, string json)
    {
        if (_attributes.TryGetValue(json, out DeviceAttributes? known))
            return known;
        return DeviceAttributes.TryParseJson(json, out DeviceAttributes? read, out string? fault)
            ? _attributes[json] = read.Shared(Same)
            : throw new RegistryUnavailableException($"the database says of `{device}` what is no attributes: {fault}");
    }
}
