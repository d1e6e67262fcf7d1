using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// A value from every class of values that the conditions of a set can tell apart, nearest to the present one first, and always one that no condition names.
/// Ages follow from their instants, and two attributes that are compared lend each other their values. Where that is too many, <see cref="IsWhole"/> says so.
/// </summary>
internal sealed class CandidateValues
{
    /// <summary>A set that conditions look into for so many items has 64 classes; with more, only changes of one item are tried.</summary>
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

    /// <summary>Whether all candidates so far stand for every class of values.</summary>
    public bool IsWhole { get; private set; } = true;

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
        // Two of each that nothing names: what is compared with another attribute must be able to differ from it.
        return attribute.Type switch
        {
            AttributeType.Bool => [AttributeValue.Of(false), AttributeValue.Of(true)],
            AttributeType.Int => constants.Select(c => c.Integer).Append(attribute.Minimum ?? 0).SelectMany(Around).Select(AttributeValue.Of),
            AttributeType.Duration => constants.Select(Seconds).Append(attribute.Minimum ?? 0).SelectMany(Around).Where(n => n >= 0).Select(n => AttributeValue.Of(DurationText.Format(n))),
            AttributeType.Instant => constants.Select(Instant).Append(_now.ToUnixTimeSeconds()).SelectMany(Around).Select(n => AttributeValue.Of(InstantText.Format(n))),
            // Between two versions lie others: one just before a version is its first pre-release, one just after has a further number.
            AttributeType.Version => constants.SelectMany(c => new[] { c.Text, c.Text.Contains('-', StringComparison.Ordinal) ? c.Text + ".1" : c.Text + "-0", After(c.Text) })
                .Concat(["0.0.0-0", "0.0.0"]).Select(AttributeValue.Of),
            // Addresses for documentation, RFC 5737 and RFC 3849.
            AttributeType.Address => constants.Concat([AttributeValue.Of("192.0.2.1"), AttributeValue.Of("2001:db8::1")]),
            AttributeType.Set => Sets(attribute, constants),
            _ when attribute.Values.Length > 0 => attribute.Values.Select(AttributeValue.Of),
            _ => constants.Concat([AttributeValue.Of("something else"), AttributeValue.Of("yet another thing")]),
        };
    }

    private IEnumerable<AttributeValue> Sets(AttributeDefinition attribute, AttributeValue[] constants)
    {
        string[] items = [.. _tests[attribute.Name].OfType<BoundCondition.Contains>().Select(test => test.Item).Distinct(StringComparer.Ordinal)];
        string[] held = [.. _context.Values.GetValueOrDefault(attribute.Name) is { Kind: AttributeValueKind.Set } set ? set.Texts : []];
        if (items.Length > MostItems)
        {
            IsWhole = false;
            return [.. items.Select(item => AttributeValue.Of(held.Contains(item) ? held.Except([item]) : held.Append(item))), .. constants];
        }
        IEnumerable<AttributeValue> subsets = Enumerable.Range(0, 1 << items.Length).Select(bits => AttributeValue.Of(held.Except(items).Concat(items.Where((_, i) => (bits >> i & 1) != 0))));
        return [.. subsets, .. constants, AttributeValue.Of(attribute.Values.Length > 0 ? attribute.Values.Except(items).Take(1) : ["something else"])];
    }

    private IEnumerable<AttributeValue> Constants(AttributeDefinition attribute, BoundCondition test) => test switch
    {
        BoundCondition.OneOf one when one.Attribute.AgeOf is not null => one.Values.Select(Born),
        BoundCondition.Below below when below.Attribute.AgeOf is not null => [Born(below.Limit)],
        BoundCondition.OneOf one => one.Values,
        BoundCondition.Below below => [below.Limit],
        BoundCondition.StartsWith starts => [AttributeValue.Of(starts.Prefix)],
        BoundCondition.Within within => within.Blocks.SelectMany(block => block.Ranges)
            .SelectMany(range => new[] { range.First, range.Last, range.Last + 1, range.First - 1 }).Select(address => AttributeValue.Of(AddressBlock.Format(address))),
        BoundCondition.SameAs same => _context.Values.TryGetValue(same.Left.Name == attribute.Name ? same.Right.Name : same.Left.Name, out AttributeValue other) ? [other] : [],
        _ => [],
    };

    private AttributeValue Born(AttributeValue age) => AttributeValue.Of(InstantText.Format(_now.ToUnixTimeSeconds() - Seconds(age)));

    private static double Distance(AttributeDefinition attribute, AttributeCoding coding, AttributeValue present, AttributeValue value) =>
        attribute.Type is AttributeType.Int or AttributeType.Duration or AttributeType.Instant && coding.TryEncode(present, out long from) && coding.TryEncode(value, out long to)
            ? Math.Abs((double)to - from) : 0;

    private static IEnumerable<long> Around(long value) => new[] { value, value == long.MinValue ? value : value - 1, value == long.MaxValue ? value : value + 1 }.Distinct();

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
