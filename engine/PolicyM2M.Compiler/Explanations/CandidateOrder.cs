using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// Which of several values is tried first. Numbers, times and addresses by their distance from the present value, the lower of two that are as far; where none is given, instants
/// by their distance from now,
/// addresses by that from one for documentation (RFC 5737), and numbers by that from the least. Texts that policies name come before others, in ascending order. Versions have an
/// order but no distance: first come
/// the newer ones, since an older one is seldom what a device should get, and of those with the same policies-named versions on either side the one that people would name.
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
            AttributeType.Version => Versions(values, [.. first.Select(Version).OfType<SemanticVersion>()]),
            AttributeType.String when attribute.Values.IsEmpty => values.OrderByDescending(first.Contains).ThenBy(value => value.Text, StringComparer.Ordinal),
            _ => values,
        };
    }

    /// <summary>
    /// The newer ones from the present version on, then the older ones, so that the nearest by which anything changes is met first. No condition tells apart what lies between two
    /// named versions: of these a release
    /// of three numbers comes first, then others, and last pre-releases. Where there is no present version all count as newer.
    /// </summary>
    private IEnumerable<AttributeValue> Versions(IEnumerable<AttributeValue> values, SortedSet<SemanticVersion> named)
    {
        SemanticVersion? given = Version(present);
        SemanticVersion[] marks = [.. named];
        return values.Select(value => (Value: value, Version: Version(value)!))
            .OrderBy(entry => entry.Version).ThenBy(entry => entry.Value.Text, StringComparer.Ordinal)
            // The older ones count downwards from the present version.
            .Select((entry, place) => (entry.Value, Place: given is not null && entry.Version < given ? ~place : place, Between: Between(entry.Version)))
            .OrderBy(entry => entry.Place < 0).ThenBy(entry => entry.Place < 0 ? -entry.Between : entry.Between).ThenBy(entry => Oddness(entry.Value.Text)).ThenBy(entry => entry.Place)
            .Select(entry => entry.Value);

        int Between(SemanticVersion version) => Array.BinarySearch(marks, version) is var found && found >= 0 ? 2 * found + 1 : 2 * ~found;
    }

    private static int Oddness(string version) => version.Contains('-', StringComparison.Ordinal) ? 2 : version.Split('.').Length > 3 ? 1 : 0;

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
