using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// A value from every class of values that the conditions of a set can tell apart, nearest to the present one first: no other value can change a decision.
/// Ages follow from their instants, and two attributes that are compared lend each other their values.
/// </summary>
internal sealed class CandidateValues
{
    private const int MostItems = 6;

    private readonly ILookup<string, BoundCondition> _tests;
    private readonly DeviceContext _context;
    private readonly DateTimeOffset _now;

    /// <param name="tests">The tests of the conditions.</param>
    /// <param name="context">The present values.</param>
    /// <param name="now">The moment, for ages.</param>
    public CandidateValues(IEnumerable<BoundCondition> tests, DeviceContext context, DateTimeOffset now)
    {
        _context = context;
        _now = now;
        _tests = tests.SelectMany(test => Attributes(test).Select(attribute => (Name: attribute.AgeOf ?? attribute.Name, Test: test))).ToLookup(entry => entry.Name, entry => entry.Test);
    }

    /// <summary>The attributes that a test reads.</summary>
    public static IEnumerable<AttributeDefinition> Attributes(BoundCondition test) => test switch
    {
        BoundCondition.OneOf one => [one.Attribute],
        BoundCondition.Below below => [below.Attribute],
        BoundCondition.Has has => [has.Attribute],
        BoundCondition.Contains contains => [contains.Attribute],
        BoundCondition.StartsWith starts => [starts.Attribute],
        BoundCondition.Within within => [within.Attribute],
        BoundCondition.SameAs same => [same.Left, same.Right],
        _ => [],
    };

    /// <summary>The tests that a condition is made of.</summary>
    public static IEnumerable<BoundCondition> Tests(BoundCondition condition) => condition switch
    {
        BoundCondition.Any any => any.Parts.SelectMany(Tests),
        BoundCondition.All all => all.Parts.SelectMany(Tests),
        BoundCondition.Not not => Tests(not.Part),
        _ => [condition],
    };

    /// <summary>The candidates for an attribute, without its present value.</summary>
    public ImmutableArray<AttributeValue> For(AttributeDefinition attribute)
    {
        AttributeValue present = _context.Values.GetValueOrDefault(attribute.Name);
        var coding = new AttributeCoding(attribute, []);
        return
        [
            .. Values(attribute).Distinct().Where(value => value != present && coding.TryEncode(value, out _)).OrderBy(value => Distance(attribute, coding, present, value)),
        ];
    }

    private IEnumerable<AttributeValue> Values(AttributeDefinition attribute)
    {
        AttributeValue[] constants = [.. _tests[attribute.Name].SelectMany(test => Constants(attribute, test))];
        switch (attribute.Type)
        {
            case AttributeType.Bool:
                return [AttributeValue.Of(false), AttributeValue.Of(true)];
            case AttributeType.Int:
                return constants.SelectMany(c => new[] { c.Integer - 1, c.Integer, c.Integer + 1 }).Select(AttributeValue.Of).Append(AttributeValue.Of(attribute.Minimum ?? 0));
            case AttributeType.Duration:
                return constants.SelectMany(c => Around(Seconds(c))).Where(n => n >= 0).Select(n => AttributeValue.Of(DurationText.Format(n))).Append(AttributeValue.Of("0s"));
            case AttributeType.Instant:
                return constants.SelectMany(c => Around(Instant(c))).Select(n => AttributeValue.Of(InstantText.Format(n)));
            case AttributeType.Version:
                // Between two versions lie others: one just before a version is its first pre-release, one just after has a further number.
                return constants.SelectMany(c => new[] { c.Text, c.Text.Contains('-', StringComparison.Ordinal) ? c.Text + ".1" : c.Text + "-0", After(c.Text) }).Select(AttributeValue.Of);
            case AttributeType.Address:
                return constants;
            case AttributeType.Set:
                string[] items = [.. _tests[attribute.Name].OfType<BoundCondition.Contains>().Select(test => test.Item).Distinct(StringComparer.Ordinal)];
                string[] held = [.. _context.Values.GetValueOrDefault(attribute.Name) is { Kind: AttributeValueKind.Set } set ? set.Texts : []];
                return items.Length > MostItems
                    ? items.Select(item => AttributeValue.Of(held.Contains(item) ? held.Except([item]) : held.Append(item)))
                    : Enumerable.Range(0, 1 << items.Length).Select(bits => AttributeValue.Of(held.Except(items).Concat(items.Where((_, i) => (bits >> i & 1) != 0))));
            default:
                return attribute.Values.Length > 0 ? attribute.Values.Select(AttributeValue.Of) : constants.Append(AttributeValue.Of("something else"));
        }
    }

    private IEnumerable<AttributeValue> Constants(AttributeDefinition attribute, BoundCondition test) => test switch
    {
        BoundCondition.OneOf one when one.Attribute.AgeOf is not null => one.Values.Select(Born),
        BoundCondition.Below below when below.Attribute.AgeOf is not null => [Born(below.Limit)],
        BoundCondition.Has when attribute.Type == AttributeType.Instant => [AttributeValue.Of(InstantText.Format(_now.ToUnixTimeSeconds()))],
        BoundCondition.OneOf one => one.Values,
        BoundCondition.Below below => [below.Limit],
        BoundCondition.StartsWith starts => [AttributeValue.Of(starts.Prefix)],
        BoundCondition.Within within => within.Blocks.SelectMany(block => new[] { block.First, block.Last, block.Last + 1, block.First - 1 }).Select(address => AttributeValue.Of(AddressBlock.Format(address))),
        BoundCondition.SameAs same => _context.Values.TryGetValue(same.Left.Name == attribute.Name ? same.Right.Name : same.Left.Name, out AttributeValue other) ? [other] : [],
        _ => [],
    };

    private AttributeValue Born(AttributeValue age) => AttributeValue.Of(InstantText.Format(_now.ToUnixTimeSeconds() - Seconds(age)));

    private static double Distance(AttributeDefinition attribute, AttributeCoding coding, AttributeValue present, AttributeValue value) =>
        attribute.Type is AttributeType.Int or AttributeType.Duration or AttributeType.Instant && coding.TryEncode(present, out long from) && coding.TryEncode(value, out long to)
            ? Math.Abs((double)to - from) : 0;

    private static long[] Around(long value) => [value - 1, value, value + 1];

    private static string After(string version) => version.Contains('-', StringComparison.Ordinal) ? version + ".0.1" : version.Count(c => c == '.') < 3 ? PadTo(version) + ".1" : version;

    private static string PadTo(string version)
    {
        while (version.Count(c => c == '.') < 2)
            version += ".0";
        return version;
    }

    private static long Seconds(AttributeValue value) => DurationText.TryParse(value.Text, out long seconds) ? seconds : 0;

    private static long Instant(AttributeValue value) => InstantText.TryParse(value.Text, out long seconds) ? seconds : 0;
}
