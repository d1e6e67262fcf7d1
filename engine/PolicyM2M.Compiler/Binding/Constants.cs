using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>What a policy set compares attributes with: an attribute's codes are places among its marks, and trees ask for its facets.</summary>
internal sealed class Constants
{
    private readonly ImmutableArray<AttributeDefinition> _attributes;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string>[] _marks;
    private readonly bool[] _isRanked;
    private readonly SortedSet<string> _needed = new(StringComparer.Ordinal);
    private readonly SortedSet<Facet> _facets = [];
    private readonly HashSet<BoundCondition> _visited = new(ReferenceEqualityComparer.Instance);

    private Constants(ImmutableArray<AttributeDefinition> attributes)
    {
        _attributes = attributes;
        foreach (AttributeDefinition attribute in attributes)
            _places.Add(attribute.Name, _places.Count);
        _marks = [.. attributes.Select(_ => new HashSet<string>(StringComparer.Ordinal))];
        _isRanked = new bool[attributes.Length];
    }

    /// <summary>The attributes of a set, in the order of its schema, with the codings and facets that its rules need.</summary>
    public static AttributeTable Of(BoundPolicySet set) => Of(set.Attributes, set.Policies.SelectMany(policy => new[] { policy.Target }
        .Concat(policy.Blocks.SelectMany(block => block.Cases).Select(c => c.When)).Concat(policy.Demands.Select(d => d.When)).Concat(policy.Waivers.Select(w => w.Holds))));

    /// <summary>Attributes, in their order, with the codings and facets that some conditions need.</summary>
    public static AttributeTable Of(ImmutableArray<AttributeDefinition> attributes, IEnumerable<BoundCondition> conditions)
    {
        var constants = new Constants(attributes);
        foreach (BoundCondition condition in conditions)
            constants.Visit(condition);
        return new AttributeTable([.. attributes.Select((attribute, place) => new AttributeCoding(attribute, constants.Ordered(place), constants._isRanked[place]))],
            [.. constants._facets], [.. constants._needed]);
    }

    /// <summary>Compares two texts as versions.</summary>
    public static int Compare(string left, string right) => Version(left).CompareTo(Version(right));

    /// <summary>The first text that is after all texts with this prefix, in ordinal order; null where none is.</summary>
    public static string? After(string prefix)
    {
        string head = prefix.TrimEnd(char.MaxValue);
        // The next of the texts that there are: a unit of a pair alone is none, and would not survive being written down.
        return head switch
        {
            [.. var all, '\uDBFF', '\uDFFF'] => all + "\uE000",
            [.. var all, var high, '\uDFFF'] => $"{all}{(char)(high + 1)}\uDC00",
            [.. var all, '\uD7FF'] => all + "\uD800\uDC00",
            [.. var all, var last] => all + (char)(last + 1),
            _ => null,
        };
    }

    private void Visit(BoundCondition condition)
    {
        if (!_visited.Add(condition))
            return;
        switch (condition)
        {
            case BoundCondition.Any any:
                foreach (BoundCondition part in any.Parts)
                    Visit(part);
                break;
            case BoundCondition.All all:
                foreach (BoundCondition part in all.Parts)
                    Visit(part);
                break;
            case BoundCondition.Not not:
                Visit(not.Part);
                break;
            case BoundCondition.OneOf { Attribute.Type: AttributeType.Address } oneOf:
                Bound(oneOf.Attribute, oneOf.Values.Select(value => Address(value.Text)).Select(address => (address, address)));
                break;
            case BoundCondition.OneOf oneOf:
                _marks[Needed(oneOf.Attribute)].UnionWith(oneOf.Values.Select(value => value.Text));
                break;
            case BoundCondition.Below below:
                _marks[Needed(below.Attribute)].Add(below.Limit.Text);
                break;
            case BoundCondition.StartsWith starts:
                int place = Needed(starts.Attribute);
                _isRanked[place] = true;
                _marks[place].Add(starts.Prefix);
                if (After(starts.Prefix) is { } after)
                    _marks[place].Add(after);
                break;
            case BoundCondition.Within within:
                Bound(within.Attribute, within.Blocks.SelectMany(block => block.Ranges));
                break;
            case BoundCondition.Has has:
                _facets.Add(Facet.Has(Needed(has.Attribute)));
                break;
            case BoundCondition.Contains contains:
                _facets.Add(Facet.Contains(Needed(contains.Attribute), contains.Item));
                break;
            case BoundCondition.SameAs same:
                _facets.Add(Facet.Same(Needed(same.Left), Needed(same.Right)));
                break;
            case BoundCondition.Clock clock:
                _facets.Add(FacetOf(clock));
                break;
        }
    }

    /// <summary>
    /// The marks of ranges of addresses: where each begins, and where the next begins. Ranges end just before a mark, so that no code stands for what
    /// would lie between two neighbours, and a missing address is nothing that no address is.
    /// </summary>
    private void Bound(AttributeDefinition attribute, IEnumerable<(UInt128 First, UInt128 Last)> ranges)
    {
        HashSet<string> marks = _marks[Needed(attribute)];
        foreach ((UInt128 first, UInt128 last) in ranges)
        {
            marks.Add(AddressBlock.Format(first));
            if (last < UInt128.MaxValue)
                marks.Add(AddressBlock.Format(last + 1));
        }
    }

    /// <summary>What a reading of the clock is as a facet.</summary>
    public static Facet FacetOf(BoundCondition.Clock clock) => clock.Reading switch
    {
        ClockReading.Now => Facet.Now,
        ClockReading.TimeOfDay => Facet.TimeOfDay(clock.OffsetMinutes),
        _ => Facet.Weekday(clock.OffsetMinutes),
    };

    /// <summary>Notes that contexts must give the attribute, or the instant whose age it is.</summary>
    private int Needed(AttributeDefinition attribute)
    {
        _needed.Add(attribute.AgeOf ?? attribute.Name);
        return _places[attribute.Name];
    }

    private ImmutableArray<string> Ordered(int place) => _attributes[place].Type switch
    {
        // `2.4` and `2.4.0` are one version: the first in ordinal order stands for both, on every machine.
        AttributeType.Version => [.. _marks[place].Order(StringComparer.Ordinal).GroupBy(Version).OrderBy(group => group.Key).Select(group => group.First())],
        AttributeType.Address => [.. _marks[place].Select(Address).Distinct().Order().Select(AddressBlock.Format)],
        AttributeType.String when _attributes[place].Values.Length == 0 => [.. _marks[place].Order(StringComparer.Ordinal)],
        _ => [],
    };

    private static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out SemanticVersion? version) ? version : throw new InvalidOperationException($"`{text}` was bound as a version and is none");

    /// <summary>An address that was bound as one.</summary>
    public static UInt128 Address(string text) =>
        AddressBlock.TryParseAddress(text, out UInt128 address) ? address : throw new InvalidOperationException($"`{text}` was bound as an address and is none");
}
