using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// The tests that the conditions of one kind make, read off a compiled tree: a bundle does not hold the conditions, but every bound that one of them sets.
/// They tell the same values apart as the conditions did, and so give a search for a counterfactual what it tries.
/// </summary>
internal static class BundleTests
{
    /// <summary>The tests of a kind, by facet; none where the kind asks for nothing.</summary>
    public static IEnumerable<BoundCondition> Of(Bundle bundle, DecisionKind kind)
    {
        AttributeTable table = bundle.AttributeTable;
        SortedDictionary<int, long[]>? cuts = TreeCuts.Of(bundle.Trees, table.Codes.AsSpan(), bundle.Trees.Roots[(int)kind], int.MaxValue, int.MaxValue);
        return (cuts ?? []).SelectMany(cut => Tests(table, table.Facets[cut.Key], cut.Value));
    }

    private static IEnumerable<BoundCondition> Tests(AttributeTable table, Facet facet, long[] cuts) => facet.Kind switch
    {
        FacetKind.Value => Values(table.Codings[facet.Attribute], cuts),
        FacetKind.Has => [new BoundCondition.Has(table.Codings[facet.Attribute].Definition)],
        FacetKind.Contains => [new BoundCondition.Contains(table.Codings[facet.Attribute].Definition, facet.Item)],
        FacetKind.Same => [new BoundCondition.SameAs(table.Codings[facet.Attribute].Definition, table.Codings[facet.Other].Definition)],
        _ => cuts.Select(cut => new BoundCondition.Clock(Reading(facet.Kind), [(cut, facet.Codes.Highest)], facet.Other)),
    };

    private static IEnumerable<BoundCondition> Values(AttributeCoding coding, long[] cuts)
    {
        AttributeDefinition attribute = coding.Definition;
        return attribute.Type switch
        {
            AttributeType.Int => cuts.Select(cut => new BoundCondition.Below(attribute, AttributeValue.Of(cut), OrEqual: false)),
            AttributeType.Duration => cuts.Where(cut => cut is >= 0 and <= DurationText.MaximumSeconds)
                .Select(cut => new BoundCondition.Below(attribute, AttributeValue.Of(DurationText.Format(cut)), OrEqual: false)),
            AttributeType.Instant => cuts.Select(cut => new BoundCondition.Below(attribute, AttributeValue.Of(InstantText.Format(cut)), OrEqual: false)),
            // The neighbours of an address are told apart from it, as those of a block's ends are.
            AttributeType.Address => Marks(coding, cuts)
                .Select(mark => AddressBlock.TryParse(mark, out AddressBlock block) ? (BoundCondition)new BoundCondition.Within(attribute, [block]) : BoundCondition.Never),
            AttributeType.String when coding.IsRanked => Texts(coding, cuts),
            _ => [new BoundCondition.OneOf(attribute, [.. Marks(coding, cuts).Select(AttributeValue.Of)])],
        };
    }

    /// <summary>
    /// Texts in their order. A prefix that policies look for is a mark, and so is the first text that does not begin with it any more; that other one is no policy's if nothing is
    /// cut behind it.
    /// </summary>
    private static IEnumerable<BoundCondition> Texts(AttributeCoding coding, long[] cuts)
    {
        HashSet<long> all = [.. cuts];
        (string Prefix, string End)[] prefixes =
        [
            .. coding.Marks.Select(mark => (Prefix: mark, End: Constants.After(mark) ?? ""))
                .Where(pair => PlaceOf(pair.End) >= 0 && (IsCut(pair.Prefix) || IsCut(pair.End))),
        ];
        HashSet<string> ends = [.. prefixes.Select(pair => pair.End).Where(end => !all.Contains(CodeOf(end) + 1))];
        return prefixes.Select(pair => (BoundCondition)new BoundCondition.StartsWith(coding.Definition, pair.Prefix))
            .Append(new BoundCondition.OneOf(coding.Definition, [.. Marks(coding, cuts).Where(mark => !ends.Contains(mark)).Select(AttributeValue.Of)]));

        bool IsCut(string text) => PlaceOf(text) >= 0 && (all.Contains(CodeOf(text)) || all.Contains(CodeOf(text) + 1));

        long CodeOf(string mark) => 2L * PlaceOf(mark) + 1;

        int PlaceOf(string text) => coding.Marks.BinarySearch(text, StringComparer.Ordinal);
    }

    /// <summary>The texts that a cut belongs to: it lies just before the mark of that code, or just after it.</summary>
    private static IEnumerable<string> Marks(AttributeCoding coding, long[] cuts) =>
        cuts.Select(cut => coding.IsNominal ? cut : (cut - 1) / 2).Where(place => place >= 0 && place < coding.Marks.Length).Distinct().Select(place => coding.Marks[(int)place]);

    private static ClockReading Reading(FacetKind kind) => kind switch
    {
        FacetKind.Now => ClockReading.Now,
        FacetKind.TimeOfDay => ClockReading.TimeOfDay,
        _ => ClockReading.Weekday,
    };
}
