using System.Collections.Immutable;

namespace PolicyM2M.Engine.Contexts;

/// <summary>A context read by the schema of one bundle, ready for any number of decisions. Immutable.</summary>
public sealed class PreparedContext
{
    /// <summary>What the context held and the schema does not know or cannot read. Such attributes count as missing.</summary>
    public ImmutableArray<UnusableValue> Unusable { get; init; } = [];
}

/// <summary>An attribute of a context that counts as missing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUnknown">Whether the schema has no such attribute; otherwise its value is malformed.</param>
/// <param name="Expected">What was expected, for people.</param>
public readonly record struct UnusableValue(string Name, bool IsUnknown, string Expected);
