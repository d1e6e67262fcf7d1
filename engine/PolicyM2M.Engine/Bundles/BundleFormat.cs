namespace PolicyM2M.Engine.Bundles;

/// <summary>
/// The layout of a bundle, little-endian: magic, format version, the SHA-256 of all that follows it; then the set's name, its policies, the attributes and
/// facets, the registry subset, the rules, the trees. Outcomes name what is registered by its place in the subset. Counts and
/// lengths are 32-bit, texts are UTF-8 after their length in bytes. Equal content gives equal bytes.
/// </summary>
internal static class BundleFormat
{
    /// <summary>"M2MB".</summary>
    public const uint Magic = 0x424D324D;

    /// <summary>A reader knows exactly one format; an older or newer bundle is compiled again from its commit.</summary>
    public const ushort Version = 5;

    /// <summary>Marks a field, bound or limit that is not there.</summary>
    public const byte Absent = 0;

    public const byte Present = 1;
}
