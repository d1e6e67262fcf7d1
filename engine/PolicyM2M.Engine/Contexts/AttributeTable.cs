using System.Collections.Frozen;
using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Contexts;

/// <summary>The attributes of a bundle with their codings; trees know an attribute by its place here.</summary>
internal sealed class AttributeTable
{
    /// <param name="codings">The attributes in ordinal order of their names.</param>
    /// <param name="needed">The names of those that some rule tests, in ordinal order.</param>
    public AttributeTable(ImmutableArray<AttributeCoding> codings, ImmutableArray<string> needed)
    {
        Codings = codings;
        Needed = needed;
        Indexes = codings.Select((coding, index) => KeyValuePair.Create(coding.Definition.Name, index)).ToFrozenDictionary(StringComparer.Ordinal);
    }

    public ImmutableArray<AttributeCoding> Codings { get; }

    public ImmutableArray<string> Needed { get; }

    public FrozenDictionary<string, int> Indexes { get; }

    public string Suggestion(string name) =>
        Spelling.Nearest(name, Indexes.Keys) is { } nearest ? $"the schema has no such attribute; did you mean `{nearest}`?" : "the schema has no such attribute";
}
