using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>Conditions over attributes to conditions over the codes of facets. Shared parts are lowered once. Grows with the table; one thread only.</summary>
/// <param name="attributes">The attributes and their facets.</param>
/// <param name="conditions">Where the lowered conditions go.</param>
internal sealed class ConditionLowering(AttributeTable attributes, ConditionTable conditions)
{
    private readonly Dictionary<BoundCondition, int> _lowered = new(ReferenceEqualityComparer.Instance);
    private readonly List<(BoundCondition Part, bool Holds)> _withoutChoice = [];

    /// <summary>The conditions so far that always or never hold, whatever the values: each once, in the order in which they were met, and without what they are made of.</summary>
    public IReadOnlyList<(BoundCondition Part, bool Holds)> WithoutChoice => _withoutChoice;

    /// <summary>The lowered condition.</summary>
    public int Lower(BoundCondition condition)
    {
        if (_lowered.TryGetValue(condition, out int known))
            return known;
        int before = _withoutChoice.Count, lowered = _lowered[condition] = Lowered(condition);
        if (lowered is ConditionTable.Always or ConditionTable.Never && condition is not BoundCondition.Constant)
        {
            _withoutChoice.RemoveRange(before, _withoutChoice.Count - before);
            _withoutChoice.Add((condition, lowered == ConditionTable.Always));
        }
        return lowered;
    }

    private int Lowered(BoundCondition condition)
    {
        return condition switch
        {
            BoundCondition.Constant constant => constant.Value ? ConditionTable.Always : ConditionTable.Never,
            BoundCondition.Any any => conditions.Or(any.Parts.Select(Lower)),
            BoundCondition.All all => conditions.And(all.Parts.Select(Lower)),
            // `risk > 5` is bound as not at most 5, and is one test to its author.
            BoundCondition.Not not => conditions.Not(not.Tested is null ? Lower(not.Part) : Lowered(not.Part)),
            BoundCondition.OneOf { Attribute.Type: AttributeType.Address } oneOf =>
                Within(oneOf.Attribute, oneOf.Values.Select(value => Constants.Address(value.Text)).Select(address => (address, address))),
            BoundCondition.OneOf oneOf => OneOf(oneOf),
            BoundCondition.Below below => Below(below),
            BoundCondition.StartsWith starts => StartsWith(starts),
            BoundCondition.Within within => Within(within.Attribute, within.Blocks.SelectMany(block => block.Ranges)),
            BoundCondition.Has has => IsSo(Facet.Has(PlaceOf(has.Attribute))),
            BoundCondition.Contains contains => IsSo(Facet.Contains(PlaceOf(contains.Attribute), contains.Item)),
            BoundCondition.SameAs same => IsSo(Facet.Same(PlaceOf(same.Left), PlaceOf(same.Right))),
            BoundCondition.Clock clock => conditions.Test(FacetPlace(Constants.FacetOf(clock)), IntervalSet.Of(clock.Values)),
            _ => throw new InvalidOperationException($"no lowering for {condition.GetType().Name}"),
        };
    }

    private int PlaceOf(AttributeDefinition attribute) => attributes.Indexes[attribute.Name];

    private int FacetPlace(Facet facet) => attributes.Codings.Length + attributes.Others.BinarySearch(facet);

    private int IsSo(Facet facet) => conditions.Test(FacetPlace(facet), IntervalSet.Between(1, 1));

    private int StartsWith(BoundCondition.StartsWith starts)
    {
        int attribute = PlaceOf(starts.Attribute);
        long first = Code(attribute, AttributeValue.Of(starts.Prefix));
        long last = Constants.After(starts.Prefix) is { } after ? Code(attribute, AttributeValue.Of(after)) - 1 : attributes.Codings[attribute].Highest;
        return conditions.Test(attribute, IntervalSet.Between(first, last));
    }

    private int Within(AttributeDefinition address, IEnumerable<(UInt128 First, UInt128 Last)> ranges)
    {
        int attribute = PlaceOf(address);
        return conditions.Test(attribute, IntervalSet.Of(ranges.Select(range =>
            (Code(attribute, Address(range.First)), range.Last == UInt128.MaxValue ? attributes.Codings[attribute].Highest : Code(attribute, Address(range.Last + 1)) - 1))));

        static AttributeValue Address(UInt128 address) => AttributeValue.Of(AddressBlock.Format(address));
    }

    private int OneOf(BoundCondition.OneOf oneOf)
    {
        int attribute = attributes.Indexes[oneOf.Attribute.Name];
        return conditions.Test(attribute, IntervalSet.Of(oneOf.Values.Select(value => Code(attribute, value)).Select(code => (code, code))));
    }

    private int Below(BoundCondition.Below below)
    {
        int attribute = attributes.Indexes[below.Attribute.Name];
        long limit = Code(attribute, below.Limit), lowest = attributes.Codings[attribute].Lowest;
        return below.OrEqual || limit > lowest
            ? conditions.Test(attribute, IntervalSet.Between(lowest, below.OrEqual ? limit : limit - 1))
            : ConditionTable.Never;
    }

    private long Code(int attribute, AttributeValue value) => attributes.Codings[attribute].TryEncode(value, out long code)
        ? code
        : throw new InvalidOperationException($"{value} was bound to {attributes.Codings[attribute].Definition.Name} and is none of its values");
}
