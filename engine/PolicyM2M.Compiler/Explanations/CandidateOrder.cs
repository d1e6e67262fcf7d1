using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// Which of several values is tried first. Numbers, times and addresses by their distance from the present value, the lower of two that are as far; where none is given, instants by their distance from now,
/// addresses by that from one for documentation (RFC 5737), and numbers by that from the least. Versions and texts that policies name come before their neighbours: texts in ascending order, and versions, which
/// have an order but no distance, by how many lie between, the higher of two that are as far: an older version is seldom what a device should get.
/// The order hangs on nothing but the values, so that sources and their bundle propose the same.
/// </summary>
/// <param name="attribute">The attribute.</param>
/// <param name="present">Its present value.</param>
/// <param name="now">The moment, in seconds since 1970.</param>
/// <param name="isBirth">Whether the attribute is an instant that has an age: nothing is born in the future, so that such instants come last.</param>
internal sealed class CandidateOrder(AttributeDefinition attribute, AttributeValue present, long now, bool isBirth)
{
    private static readonly AttributeValue Documented = AttributeValue.Of("192.0.2.1");

    private readonly AttributeCoding _coding = new(attribute, []);

    /// <summary>The values, the first to be tried first.</summary>
    /// <param name="values">Values of the attribute.</param>
    /// <param name="named">Those that policies name.</param>
    public IEnumerable<AttributeValue> Sort(IEnumerable<AttributeValue> values, IEnumerable<AttributeValue> named)
    {
        HashSet<AttributeValue> first = [.. named];
        return attribute.Type switch
        {
            AttributeType.Int or AttributeType.Duration or AttributeType.Instant =>
                values.OrderBy(value => isBirth && Number(value) > now).ThenBy(value => Distance(Number(Given), Number(value))).ThenBy(Number),
            AttributeType.Address => values.OrderBy(value => Distance(Address(Given), Address(value))).ThenBy(Address),
            AttributeType.Version => Versions(values, first),
            AttributeType.String when attribute.Values.IsEmpty => values.OrderByDescending(first.Contains).ThenBy(value => value.Text, StringComparer.Ordinal),
            _ => values,
        };
    }

    /// <summary>The next above the present version, the next below it, the second above and so on, and first those that are named; where there is no present version all count as above it.</summary>
    private IEnumerable<AttributeValue> Versions(IEnumerable<AttributeValue> values, HashSet<AttributeValue> named)
    {
        SemanticVersion? given = Version(present);
        return values.Select(value => (Value: value, Version: Version(value), IsNamed: named.Contains(value)))
            .OrderBy(entry => entry.Version).ThenBy(entry => entry.Value.Text, StringComparer.Ordinal)
            .GroupBy(entry => (entry.IsNamed, IsBelow: entry.Version?.CompareTo(given) < 0), entry => entry.Value)
            .SelectMany(side => (side.Key.IsBelow ? side.Reverse() : side).Select((value, place) => (Value: value, side.Key.IsNamed, side.Key.IsBelow, Place: place)))
            .OrderByDescending(entry => entry.IsNamed).ThenBy(entry => entry.Place).ThenBy(entry => entry.IsBelow).Select(entry => entry.Value);
    }

    /// <summary>The number, or length in seconds, that people would begin with: the least, and where there is none 0 or the greatest.</summary>
    public static long First(AttributeDefinition attribute) => attribute.Minimum ?? (attribute.Type == AttributeType.Duration ? 0 : Math.Min(0, attribute.Maximum ?? 0));

    /// <summary>What distances are measured from.</summary>
    private AttributeValue Given => _coding.TryEncode(present, out _) ? present : attribute.Type switch
    {
        AttributeType.Instant => AttributeValue.Of(InstantText.Format(now)),
        AttributeType.Address => Documented,
        AttributeType.Duration => AttributeValue.Of(DurationText.Format(First(attribute))),
        _ => AttributeValue.Of(First(attribute)),
    };

    private Int128 Number(AttributeValue value) => _coding.TryEncode(value, out long number) ? number : long.MinValue;

    private static SemanticVersion? Version(AttributeValue value) => SemanticVersion.TryParse(value.Text, out SemanticVersion? version) ? version : null;

    private static UInt128 Address(AttributeValue value) => AddressBlock.TryParseAddress(value.Text, out UInt128 address) ? address : UInt128.Zero;

    private static UInt128 Distance(Int128 from, Int128 to) => (UInt128)Int128.Abs(to - from);

    private static UInt128 Distance(UInt128 from, UInt128 to) => from > to ? from - to : to - from;
}
