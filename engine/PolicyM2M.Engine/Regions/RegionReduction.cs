using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Regions;

/// <summary>
/// Takes a region apart from the policies that it comes from: of their attributes it keeps those that it tests, and of what policies compare these with no more than
/// the ends of its own constraints.
/// </summary>
internal sealed class RegionReduction
{
    private readonly AttributeTable _attributes;
    private readonly ImmutableArray<RegionConstraint> _constraints;
    private readonly int[] _kept;

    private RegionReduction(AttributeTable attributes, ImmutableArray<RegionConstraint> constraints)
    {
        _attributes = attributes;
        _constraints = constraints;
        _kept = [.. constraints.SelectMany(Attributes).Distinct().Order()];
    }

    public static RegionParts Of(AttributeTable attributes, ImmutableArray<RegionConstraint> constraints) => new RegionReduction(attributes, constraints).Parts();

    private RegionParts Parts()
    {
        (AttributeScale Attribute, Func<IntervalSet, IntervalSet> Recode)[] reduced = [.. _kept.Select(Reduced)];
        return new RegionParts([.. reduced.Select(r => r.Attribute)], [.. _constraints.Select(constraint =>
        {
            Facet facet = _attributes.Facets[constraint.Facet];
            int place = facet.IsClock ? -1 : Array.IndexOf(_kept, facet.Attribute);
            IntervalSet? codes = constraint.Codes is { } old && facet.Kind == FacetKind.Value ? reduced[place].Recode(old) : constraint.Codes;
            return new RegionTest((RegionSubject)facet.Kind, place, facet.Kind == FacetKind.Same ? Array.IndexOf(_kept, facet.Other) : facet.Other, facet.Item, codes?.Intervals);
        })]);
    }

    private IEnumerable<int> Attributes(RegionConstraint constraint)
    {
        Facet facet = _attributes.Facets[constraint.Facet];
        if (facet.IsClock)
            yield break;
        yield return facet.Attribute;
        if (facet.Kind == FacetKind.Same)
            yield return facet.Other;
        if (_attributes.AgeOf[facet.Attribute] is >= 0 and int instant)
            yield return instant;
    }

    private (AttributeScale Attribute, Func<IntervalSet, IntervalSet> Recode) Reduced(int place)
    {
        AttributeCoding coding = _attributes.Codings[place];
        AttributeDefinition definition = coding.Definition with { Description = "" };
        IntervalSet codes = _constraints.FirstOrDefault(constraint => _attributes.Facets[constraint.Facet] == Facet.Value(place))?.Codes ?? default;
        if (coding.Marks.IsEmpty || definition.Values.Length > 0)
            return (new AttributeScale(definition, [], coding.IsRanked), static same => same);
        return coding.IsNominal ? Named(coding, definition, codes) : Ranked(coding, definition, codes);
    }

    /// <summary>Texts that are only told apart: those that are in it, or, where any other text is, those that are not.</summary>
    private static (AttributeScale, Func<IntervalSet, IntervalSet>) Named(AttributeCoding coding, AttributeDefinition definition, IntervalSet codes)
    {
        bool isOther = codes.Contains(AttributeCoding.OtherText);
        ImmutableArray<string> marks = codes.IsEmpty ? [] : [.. coding.Marks.Where((_, code) => codes.Contains(code) != isOther)];
        return (new AttributeScale(definition, marks, false), _ => isOther ? IntervalSet.Between(AttributeCoding.OtherText, AttributeCoding.OtherText) : IntervalSet.Between(0, marks.Length - 1));
    }

    /// <summary>Ranks: an interval begins and ends at a mark, just beside one, or not at all.</summary>
    private static (AttributeScale, Func<IntervalSet, IntervalSet>) Ranked(AttributeCoding coding, AttributeDefinition definition, IntervalSet codes)
    {
        int[] marks = [.. codes.Intervals.SelectMany(Ends).Distinct().Order()];
        var reduced = new AttributeCoding(definition, [.. marks.Select(mark => coding.Marks[mark])], coding.IsRanked);
        return (new AttributeScale(definition, reduced.Marks, coding.IsRanked), old => IntervalSet.Of(old.Intervals.Select(interval => (Low(interval.Low), High(interval.High)))));

        IEnumerable<int> Ends((long Low, long High) interval)
        {
            if (interval.Low > coding.Lowest)
                yield return (int)(interval.Low % 2 == 1 ? interval.Low / 2 : interval.Low / 2 - 1);
            if (interval.High < coding.Highest)
                yield return (int)(interval.High / 2);
        }

        long Low(long old) => old <= coding.Lowest ? reduced.Lowest
            : old % 2 == 1 ? 2L * Place(old / 2) + 1 : 2L * (Place(old / 2 - 1) + 1);

        long High(long old) => old >= coding.Highest ? reduced.Highest
            : old % 2 == 1 ? 2L * Place(old / 2) + 1 : 2L * Place(old / 2);

        int Place(long mark) => Array.BinarySearch(marks, (int)mark);
    }
}
