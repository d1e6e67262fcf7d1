using System.Collections.Immutable;

namespace PolicyM2M.Engine.Contexts;

/// <summary>Makes the coding of an attribute that may come from anybody, of a bundle or of a region: whatever its reader relies on is checked here.</summary>
internal static class AttributeCheck
{
    /// <exception cref="ArgumentException">It is no attribute.</exception>
    public static AttributeCoding Coding(AttributeDefinition definition, ImmutableArray<string> marks, bool isRanked)
    {
        Demand(definition.Name.Length > 0 && Enum.IsDefined(definition.Type) && Enum.IsDefined(definition.Provenance), "an attribute is none");
        bool isFree = definition.Values.IsEmpty;
        Demand(isFree || definition.Type is AttributeType.String or AttributeType.Set, "an attribute has values that its type does not list");
        Demand(marks.IsEmpty || (isFree && definition.Type is AttributeType.String or AttributeType.Version or AttributeType.Address), "an attribute has marks that its type does not have");
        Demand(!isRanked || (isFree && definition.Type == AttributeType.String), "an attribute is ranked, and no free text");
        Demand(AreDistinct(definition.Values) && AreDistinct(marks), "an attribute has a text twice");
        var coding = new AttributeCoding(definition, marks, isRanked);
        Demand(definition.Default is not { } standard || coding.TryEncode(standard, out _), "the default of an attribute is none of its values");
        return coding;
    }

    private static bool AreDistinct(ImmutableArray<string> texts) => texts.Length < 2 || texts.Distinct(StringComparer.Ordinal).Count() == texts.Length;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
            throw new ArgumentException(otherwise);
    }
}
