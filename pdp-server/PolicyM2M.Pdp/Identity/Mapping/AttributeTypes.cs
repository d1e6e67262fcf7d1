using System.Collections.Frozen;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>The types of attributes that may be written by a short name: those of RFC 4514, section 3, and two that certificates of devices have.</summary>
internal static class AttributeTypes
{
    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        ["CN"] = "2.5.4.3",
        ["L"] = "2.5.4.7",
        ["ST"] = "2.5.4.8",
        ["O"] = "2.5.4.10",
        ["OU"] = "2.5.4.11",
        ["C"] = "2.5.4.6",
        ["STREET"] = "2.5.4.9",
        ["DC"] = "0.9.2342.19200300.100.1.25",
        ["UID"] = "0.9.2342.19200300.100.1.1",
        ["serialNumber"] = "2.5.4.5",
        ["emailAddress"] = "1.2.840.113549.1.9.1",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string> Names = Types.ToFrozenDictionary(type => type.Value, type => type.Key);

    /// <summary>The object identifier of a short name, or of one that is written as digits and dots; null where it is neither.</summary>
    public static string? Find(string name) =>
        Types.TryGetValue(name, out string? type) ? type
        : name.Length > 0 && name.Split('.') is { Length: > 1 } arcs && arcs.All(arc => arc.Length > 0 && arc.All(char.IsAsciiDigit)) ? name
        : null;

    /// <summary>The short name; the object identifier where there is none.</summary>
    public static string NameOf(string type) => Names.GetValueOrDefault(type, type);

    /// <summary>What may be written.</summary>
    public static string All => string.Join(", ", Types.Keys.Order(StringComparer.Ordinal));
}
