using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Puts a region into the codes of other policies than those that it comes from: for each thing that they test what it can be. Never less than the region holds; more where the
/// other policies tell fewer values apart, and
/// where what is tested hangs together.
/// </summary>
internal static class RegionBox
{
    /// <summary>The region among these attributes; null where they mean something else than its own, so that nothing can be told.</summary>
    /// <param name="region">The region.</param>
    /// <param name="attributes">The attributes of the other policies.</param>
    /// <param name="from">The first moment that matters.</param>
    /// <param name="until">The last.</param>
    public static FacetBox? Of(RegionParts region, AttributeTable attributes, DateTimeOffset from, DateTimeOffset until)
    {
        int[] places = new int[region.Attributes.Length];
        for (int i = 0; i < places.Length; i++)
        {
            AttributeDefinition mine = region.Attributes[i].Definition;
            places[i] = attributes.Indexes.TryGetValue(mine.Name, out int place) ? place : -1;
            if (places[i] >= 0 && !IsSame(mine, attributes.Codings[place].Definition))
                return null;
        }
        var box = new FacetBox(attributes);
        foreach (RegionTest test in region.Tests)
        {
            if (test.Codes is not { } intervals || Find(test, places, attributes) is not (>= 0 and int facet))
                continue;
            var codes = IntervalSet.Of(intervals);
            if (test.Subject == RegionSubject.Value)
                codes = new RegionRecoding(region.Attributes[test.Attribute], attributes.Codings[facet]).Recode(codes);
            box.Narrow(facet, codes.And(box.All(facet)));
        }
        if (Find(Facet.Now, attributes) is >= 0 and int now)
            box.Narrow(now, box[now]!.Value.And(IntervalSet.Between(from.ToUnixTimeSeconds(), until.ToUnixTimeSeconds())));
        return box;
    }

    /// <summary>Where other policies look at the same; -1 where none of them does.</summary>
    private static int Find(RegionTest test, int[] places, AttributeTable attributes) => test.Subject switch
    {
        RegionSubject.Value => places[test.Attribute],
        RegionSubject.Has or RegionSubject.Contains => places[test.Attribute] < 0 ? -1 : Find(new Facet((FacetKind)test.Subject, places[test.Attribute], 0, test.Item), attributes),
        RegionSubject.Same => places[test.Attribute] < 0 || places[test.Other] < 0 ? -1 : Find(Facet.Same(places[test.Attribute], places[test.Other]), attributes),
        _ => Find(new Facet((FacetKind)test.Subject, -1, test.Other), attributes),
    };

    private static int Find(Facet facet, AttributeTable attributes) => attributes.Others.BinarySearch(facet) is >= 0 and int place ? attributes.Codings.Length + place : -1;

    /// <summary>Whether the same values are usable, believed and given by default: then the same devices lie in the region.</summary>
    private static bool IsSame(AttributeDefinition one, AttributeDefinition other) =>
        (one.Type, one.Provenance, one.Minimum, one.Maximum, one.Default, one.AgeOf) == (other.Type, other.Provenance, other.Minimum, other.Maximum, other.Default, other.AgeOf)
        && one.Values.SequenceEqual(other.Values, StringComparer.Ordinal);
}
