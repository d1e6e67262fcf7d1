using System.Collections.Immutable;
using System.Security.Cryptography;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Bundles;

/// <summary>A compiled policy set. Immutable, shared by all threads.</summary>
public sealed class Bundle
{
    internal Bundle(BundleContent content, string hash)
    {
        Name = content.Name;
        Policies = content.Policies;
        AttributeTable = content.Attributes;
        RuleTable = content.Rules;
        Trees = content.Trees;
        Registry = content.Registry;
        Hash = hash;
        Attributes = content.Attributes.Codings.ToImmutableSortedDictionary(c => c.Definition.Name, c => c.Definition, StringComparer.Ordinal);
    }

    /// <summary>The name of the policy set, from its manifest.</summary>
    public string Name { get; }

    /// <summary>The SHA-256 of the bundle's bytes, in lower-case hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>The names of the policies, in manifest order.</summary>
    public ImmutableArray<string> Policies { get; }

    /// <summary>The attributes of the schema, by name.</summary>
    public ImmutableSortedDictionary<string, AttributeDefinition> Attributes { get; }

    /// <summary>The names of the attributes that some rule tests, in ordinal order.</summary>
    public ImmutableArray<string> NeededAttributes => AttributeTable.Needed;

    /// <summary>Every rule, in manifest order.</summary>
    public IReadOnlyList<Rule> Rules => RuleTable;

    /// <summary>What its outcomes name of the IANA registries, and which tables it was compiled with.</summary>
    public RegistrySubset Registry { get; }

    internal RuleTable RuleTable { get; }

    internal AttributeTable AttributeTable { get; }

    internal DecisionTrees Trees { get; }

    /// <summary>The place of an attribute among the values of a raw context; -1 where the schema has no such attribute.</summary>
    public int PlaceOf(string attribute) => AttributeTable.Indexes.TryGetValue(attribute, out int place) ? place : -1;

    /// <summary>Counts the trees: what a walk can meet. Takes as long as the bundle is large.</summary>
    public BundleStatistics Describe()
    {
        (int nodes, int depth, int cases) = TreeShape.Of(Trees);
        return new BundleStatistics(nodes, depth, cases);
    }

    /// <summary>The bundle's bytes, as the compiler wrote them: written anew, so that they need not be kept beside what they say.</summary>
    public byte[] ToBytes() => BundleWriter.Write(new BundleContent(Name, Policies, AttributeTable, Registry, RuleTable, Trees));

    /// <summary>Reads a bundle, checking everything that a walk relies on.</summary>
    /// <exception cref="InvalidDataException">The bytes are no bundle, or one of another format version, they were damaged, or what the bundle names of the registries is not what
    /// this program's tables have.</exception>
    public static Bundle Read(ReadOnlyMemory<byte> bytes) =>
        new(BundleReader.Read(bytes), Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
}

/// <summary>What a bundle's bytes say.</summary>
internal sealed record BundleContent(
    string Name, ImmutableArray<string> Policies, AttributeTable Attributes, RegistrySubset Registry, RuleTable Rules, DecisionTrees Trees);
