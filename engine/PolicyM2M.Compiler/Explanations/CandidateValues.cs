using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// A value from every class of values that the conditions of a set can tell apart, nearest to the present one first, and always one that no condition names.
/// Ages follow from their instants, and two attributes that are compared lend each other their values. Where these are not all classes, <see cref="IsWhole"/> says so.
/// </summary>
internal sealed class CandidateValues
{
    /// <summary>A set that conditions look into for so many items has 64 classes; with more, only changes of one item are tried.</summary>
    private const int MostItems = 6;

    private readonly ILookup<string, BoundCondition> _tests;
    private readonly DeviceContext _context;
    private readonly DateTimeOffset _now;
    private readonly IReadOnlySet<string> _births;

    /// <param name="tests">The tests of the conditions.</param>
    /// <param name="births">The instants that have an age.</param>
    /// <param name="context">The present values.</param>
    /// <param name="now">The moment, for ages.</param>
    public CandidateValues(IEnumerable<BoundCondition> tests, IReadOnlySet<string> births, DeviceContext context, DateTimeOffset now)
    {
        _births = births;
        _context = context;
        _now = now;
        _tests = tests.SelectMany(test => ConditionTests.AttributesOf(test).Select(attribute => (Name: attribute.AgeOf ?? attribute.Name, Test: test)))
            .ToLookup(entry => entry.Name, entry => entry.Test);
    }

    /// <summary>The instants of a schema that have an age.</summary>
    public static IReadOnlySet<string> BirthsIn(IEnumerable<AttributeDefinition> attributes) => attributes.Select(attribute => attribute.AgeOf).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Whether all candidates so far stand for every class of values. They do not for a set that is looked into for many items, and for attributes that are compared with
    /// each other and have more values than can be tried: three that must all differ between two neighbouring limits are never found.
    /// </summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>The candidates for an attribute, without its present value.</summary>
    public ImmutableArray<AttributeValue> For(AttributeDefinition attribute)
    {
        AttributeValue present = _context.Values.GetValueOrDefault(attribute.Name);
        bool isFinite = attribute.Type == AttributeType.Bool || (attribute.Type == AttributeType.String && attribute.Values.Length > 0);
        IsWhole &= isFinite || !_tests[attribute.Name].OfType<BoundCondition.SameAs>().Any();
        var coding = new AttributeCoding(attribute, []);
        IEnumerable<AttributeValue> candidates = Values(attribute).Distinct().Where(value => value != present && coding.TryEncode(value, out _));
        return [.. new CandidateOrder(attribute, present, _now.ToUnixTimeSeconds(), _births.Contains(attribute.Name)).Sort(candidates, Constants(attribute))];
    }

    /// <summary>The candidates, and no value, where a condition asks whether there is one: the answer to anything else is then the strictest, which some value has as well.</summary>
    public ImmutableArray<AttributeValue> ForOrNone(AttributeDefinition attribute) =>
        _context.Values.ContainsKey(attribute.Name) && _tests[attribute.Name].OfType<BoundCondition.Has>().Any() ? For(attribute).Add(default) : For(attribute);

    private IEnumerable<AttributeValue> Values(AttributeDefinition attribute)
    {
        AttributeValue[] constants = [.. Constants(attribute)];
        // Two of each that nothing names: what is compared with another attribute must be able to differ from it.
        return attribute.Type switch
        {
            AttributeType.Bool => [AttributeValue.Of(false), AttributeValue.Of(true)],
            AttributeType.Int => constants.Select(c => c.Integer).Append(CandidateOrder.First(attribute)).SelectMany(Around).Select(AttributeValue.Of),
            AttributeType.Duration => constants.Select(Seconds).Append(CandidateOrder.First(attribute)).SelectMany(Around).Where(n => n >= 0).Select(n => AttributeValue.Of(DurationText.Format(n))),
            AttributeType.Instant => constants.Select(Instant).Append(_now.ToUnixTimeSeconds()).SelectMany(Around).Select(n => AttributeValue.Of(InstantText.Format(n))),
            AttributeType.Version => constants.SelectMany(c => CandidateVersions.Around(c.Text)).Concat(["0.0.0-0", "0.0.0"]).Select(AttributeValue.Of),
            // Addresses for documentation, RFC 5737 and RFC 3849; and the first of all, where nothing else begins.
            AttributeType.Address => constants.Concat([AttributeValue.Of("192.0.2.1"), AttributeValue.Of("2001:db8::1"), AttributeValue.Of("::")]),
            AttributeType.Set => Sets(attribute, constants),
            _ when attribute.Values.Length > 0 => attribute.Values.Select(AttributeValue.Of),
            _ => constants.Concat(CandidateTexts.Unnamed([.. constants.Select(c => c.Text)], [.. _tests[attribute.Name].OfType<BoundCondition.StartsWith>().Select(test => test.Prefix)])
                .Select(AttributeValue.Of)),
        };
    }

    private IEnumerable<AttributeValue> Sets(AttributeDefinition attribute, AttributeValue[] constants)
    {
        string[] items = [.. _tests[attribute.Name].OfType<BoundCondition.Contains>().Select(test => test.Item).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] held = [.. _context.Values.GetValueOrDefault(attribute.Name) is { Kind: AttributeValueKind.Set } set ? set.Texts : []];
        if (items.Length > MostItems)
        {
            IsWhole = false;
            return [.. items.Select(item => AttributeValue.Of(held.Contains(item) ? held.Except([item]) : held.Append(item))), .. constants];
        }
        IEnumerable<AttributeValue> subsets = Enumerable.Range(0, 1 << items.Length).Select(bits => AttributeValue.Of(held.Except(items).Concat(items.Where((_, i) => (bits >> i & 1) != 0))));
        return [.. subsets, .. constants, AttributeValue.Of(attribute.Values.Length > 0 ? attribute.Values.Except(items).Take(1) : ["something else"])];
    }

    private IEnumerable<AttributeValue> Constants(AttributeDefinition attribute) => _tests[attribute.Name].SelectMany(test => Constants(attribute, test));

    private IEnumerable<AttributeValue> Constants(AttributeDefinition attribute, BoundCondition test) => test switch
    {
        BoundCondition.OneOf one when one.Attribute.AgeOf is not null => one.Values.Select(Born),
        BoundCondition.Below below when below.Attribute.AgeOf is not null => [Born(below.Limit)],
        BoundCondition.OneOf { Attribute.Type: AttributeType.Address } one => one.Values.Select(value => Binding.Constants.Address(value.Text)).SelectMany(address => Ends(address, address)),
        BoundCondition.OneOf one => one.Values,
        BoundCondition.Below below => [below.Limit],
        BoundCondition.StartsWith starts => [AttributeValue.Of(starts.Prefix)],
        BoundCondition.Within within => within.Blocks.SelectMany(block => block.Ranges).SelectMany(range => Ends(range.First, range.Last)),
        BoundCondition.SameAs same => Lent(same.Left.Name == attribute.Name ? same.Right : same.Left),
        _ => [],
    };

    /// <summary>What an attribute lends to one that it is compared with: its present value, and what it is compared with itself.</summary>
    private IEnumerable<AttributeValue> Lent(AttributeDefinition other) => _tests[other.Name].Where(test => test is not BoundCondition.SameAs).SelectMany(test => Constants(other, test))
        .Concat(_context.Values.TryGetValue(other.Name, out AttributeValue present) ? [present] : []);

    private AttributeValue Born(AttributeValue age) => AttributeValue.Of(InstantText.Format(_now.ToUnixTimeSeconds() - Seconds(age)));

    /// <summary>Both ends of a range of addresses, and their neighbours outside of it, where there are any.</summary>
    private static IEnumerable<AttributeValue> Ends(UInt128 first, UInt128 last) =>
        new[] { first, last, first == UInt128.Zero ? first : first - 1, last == UInt128.MaxValue ? last : last + 1 }.Select(address => AttributeValue.Of(AddressBlock.Format(address)));

    private static IEnumerable<long> Around(long value) => new[] { value, value == long.MinValue ? value : value - 1, value == long.MaxValue ? value : value + 1 }.Distinct();

    private static long Seconds(AttributeValue value) => DurationText.TryParse(value.Text, out long seconds) ? seconds : 0;

    private static long Instant(AttributeValue value) => InstantText.TryParse(value.Text, out long seconds) ? seconds : 0;
}
