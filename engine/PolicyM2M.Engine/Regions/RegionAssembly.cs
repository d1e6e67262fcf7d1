using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>Puts a region together from parts that may come from anybody: whatever the region relies on is checked here.</summary>
internal static class RegionAssembly
{
    /// <exception cref="ArgumentException">These are no parts of a region.</exception>
    public static Region Of(RegionParts parts)
    {
        for (int i = 1; i < parts.Attributes.Length; i++)
            Demand(string.CompareOrdinal(parts.Attributes[i - 1].Definition.Name, parts.Attributes[i].Definition.Name) < 0, "the attributes of a region are not in order");
        ImmutableArray<AttributeCoding> codings = [.. parts.Attributes.Select(scale => AttributeCheck.Coding(scale.Definition, scale.Marks, scale.IsRanked))];
        Facet[] facets = [.. parts.Tests.Select(test => FacetOf(test, codings.Length))];
        Demand(facets.Distinct().Count() == facets.Length, "a region looks at one thing twice");
        var table = new AttributeTable(codings, [.. facets.Where(facet => facet.Kind != FacetKind.Value).Order()], []);
        return new Region(table, [.. parts.Tests.Zip(facets, (test, facet) => new RegionConstraint(table, PlaceOf(table, facet), Codes(test, table, facet)))]);
    }

    private static Facet FacetOf(RegionTest test, int attributes)
    {
        Demand(Enum.IsDefined(test.Subject), "a region looks at what this reader does not know");
        var facet = new Facet((FacetKind)test.Subject, test.Attribute, test.Other, test.Item);
        // What the others must be, the table checks.
        Demand(facet.Kind != FacetKind.Value || (facet.Attribute >= 0 && facet.Attribute < attributes && facet is { Other: 0, Item: "" }), "a region looks at an attribute that it does not have");
        return facet;
    }

    private static int PlaceOf(AttributeTable table, Facet facet) => facet.Kind == FacetKind.Value ? facet.Attribute : table.Codings.Length + table.Others.BinarySearch(facet);

    private static IntervalSet? Codes(RegionTest test, AttributeTable table, Facet facet)
    {
        if (test.Codes is not { } intervals)
            return null;
        (long lowest, long highest) = table.Codes[PlaceOf(table, facet)];
        Demand(!intervals.IsEmpty, "a region allows nothing");
        for (int i = 0; i < intervals.Length; i++)
        {
            (long low, long high) = intervals[i];
            Demand(low >= lowest && high <= highest && low <= high && (i == 0 || intervals[i - 1].High < low), "the codes of a region are out of order or range");
        }
        return IntervalSet.Of(intervals);
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
            throw new ArgumentException(otherwise);
    }
}
