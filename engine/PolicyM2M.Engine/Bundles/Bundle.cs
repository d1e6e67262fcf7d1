using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Bundles;

/// <summary>A compiled policy set. Immutable, shared by all threads.</summary>
public sealed class Bundle
{
    /// <summary>The name of the policy set, from its manifest.</summary>
    public string Name { get; init; } = "";

    /// <summary>The SHA-256 of the bundle's bytes, in lower-case hexadecimal.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The names of the policies, in manifest order.</summary>
    public ImmutableArray<string> Policies { get; init; } = [];

    /// <summary>The attributes of the schema, by name.</summary>
    public ImmutableSortedDictionary<string, AttributeDefinition> Attributes { get; init; } =
        ImmutableSortedDictionary.Create<string, AttributeDefinition>(StringComparer.Ordinal);

    /// <summary>The names of the attributes that some rule tests, in ordinal order.</summary>
    public ImmutableArray<string> NeededAttributes { get; init; } = [];
}
