using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Puts a region together from parts that may come from anybody: whatever the region relies on is checked here. Written as loops: a device does it for each of the thousands of decisions that it kept,
/// when it starts.
/// </summary>
internal static class RegionAssembly
{
    /// <exception cref="ArgumentException">These are no parts of a region.</exception>
    public static Region Of(RegionParts parts)
    {
        for (int i = 1; i < parts.Attributes.Length; i++)
            Demand(string.CompareOrdinal(parts.Attributes[i - 1].Definition.Name, parts.Attributes[i].Definition.Name) < 0, "the attributes of a region are not in order");
        var codings = new AttributeCoding[parts.Attributes.Length];
        for (int i = 0; i < codings.Length; i++)
            codings[i] = parts.Attributes[i].Coding;
        var facets = new Facet[parts.Tests.Length];
        var others = new List<Facet>();
        for (int i = 0; i < facets.Length; i++)
        {
            facets[i] = FacetOf(parts.Tests[i], codings.Length);
            Demand(Array.IndexOf(facets, facets[i], 0, i) < 0, "a region looks at one thing twice");
            if (facets[i].Kind != FacetKind.Value)
                others.Add(facets[i]);
        }
        others.Sort();
        var table = new AttributeTable(ImmutableCollectionsMarshal.AsImmutableArray(codings), [.. others], []);
        var constraints = new RegionConstraint[facets.Length];
        for (int i = 0; i < constraints.Length; i++)
            constraints[i] = new RegionConstraint(table, PlaceOf(table, facets[i]), Codes(parts.Tests[i], table, facets[i]));
        return new Region(table, ImmutableCollectionsMarshal.AsImmutableArray(constraints), parts);
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
