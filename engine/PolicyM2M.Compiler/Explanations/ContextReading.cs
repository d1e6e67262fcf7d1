using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>
/// Reads conditions off one context at one moment, as their authors wrote them: no codes and no trees. It tells why, where the trees tell what;
/// a property test holds the two together.
/// </summary>
/// <param name="context">The context.</param>
/// <param name="now">The moment, for ages and what asks the clock.</param>
/// <param name="attributes">The set's attributes by name.</param>
internal sealed class ContextReading(DeviceContext context, DateTimeOffset now, IReadOnlyDictionary<string, AttributeDefinition> attributes)
{
    private readonly Dictionary<BoundCondition, bool?> _read = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether a condition holds; null where a missing attribute leaves it open.</summary>
    public bool? Holds(BoundCondition condition)
    {
        if (_read.TryGetValue(condition, out bool? known))
            return known;
        return _read[condition] = condition switch
        {
            BoundCondition.Constant constant => constant.Value,
            BoundCondition.Not not => !Holds(not.Part),
            BoundCondition.Any any => Joined(any.Parts.Select(Holds), decisive: true),
            BoundCondition.All all => Joined(all.Parts.Select(Holds), decisive: false),
            BoundCondition.Has has => IsGiven(has.Attribute),
            BoundCondition.Clock clock => Shown(clock) is var shown && clock.Values.Any(interval => shown >= interval.Low && shown <= interval.High),
            BoundCondition.SameAs same => ValueOf(same.Left) is { } left && ValueOf(same.Right) is { } right ? Order(same.Left, left, right) == 0 : null,
            BoundCondition.OneOf test => ValueOf(test.Attribute) is { } value ? test.Values.Any(wanted => Order(test.Attribute, value, wanted) == 0) : null,
            BoundCondition.Below test => ValueOf(test.Attribute) is { } value ? Order(test.Attribute, value, test.Limit) is var order && (order < 0 || (test.OrEqual && order == 0)) : null,
            BoundCondition.Contains test => ValueOf(test.Attribute)?.Texts.Contains(test.Item),
            BoundCondition.StartsWith test => ValueOf(test.Attribute)?.Text.StartsWith(test.Prefix, StringComparison.Ordinal),
            BoundCondition.Within test => ValueOf(test.Attribute) is { } value ? test.Blocks.Any(block => block.Contains(Address(value))) : null,
            _ => throw new InvalidOperationException($"no reading of {condition.GetType().Name}"),
        };
    }

    /// <summary>The value that an attribute has here, an age and a default included; null where it is missing.</summary>
    public AttributeValue? ValueOf(AttributeDefinition attribute)
    {
        if (attribute.AgeOf is { } instant)
        {
            return ValueOf(attributes[instant]) is { } since && Instant(since) is var seconds
                && now.ToUnixTimeSeconds() >= seconds && IsUsable(attribute, AttributeValue.Of(DurationText.Format(now.ToUnixTimeSeconds() - seconds))) is { } age ? age : null;
        }
        return context.Values.TryGetValue(attribute.Name, out AttributeValue given) ? IsUsable(attribute, given) : attribute.Default;
    }

    /// <summary>The instant whose age an attribute is; null where it is missing, or the attribute is no age.</summary>
    public AttributeValue? InstantOf(AttributeDefinition age) => age.AgeOf is { } instant ? ValueOf(attributes[instant]) : null;

    /// <summary>Whether an instant is still to come.</summary>
    public bool IsAhead(AttributeValue instant) => Instant(instant) > now.ToUnixTimeSeconds();

    /// <summary>What the clock shows for a condition that asks it.</summary>
    public long Shown(BoundCondition.Clock clock)
    {
        // By numbers, since at either end of the calendar there is no such moment at another offset.
        long seconds = now.ToUnixTimeSeconds();
        return clock.Reading switch
        {
            ClockReading.Now => seconds,
            ClockReading.TimeOfDay => Facet.TimeOfDay(clock.OffsetMinutes).Read(seconds),
            _ => Facet.Weekday(clock.OffsetMinutes).Read(seconds),
        };
    }

    private bool IsGiven(AttributeDefinition attribute) =>
        context.Values.ContainsKey(attribute.AgeOf ?? attribute.Name) && ValueOf(attribute) is not null;

    private static AttributeValue? IsUsable(AttributeDefinition attribute, AttributeValue value) => new AttributeCoding(attribute, []).TryEncode(value, out _) ? value : null;

    private static bool? Joined(IEnumerable<bool?> parts, bool decisive)
    {
        bool isOpen = false;
        foreach (bool? part in parts)
        {
            if (part == decisive)
                return decisive;
            isOpen |= part is null;
        }
        return isOpen ? null : !decisive;
    }

    private static int Order(AttributeDefinition attribute, AttributeValue left, AttributeValue right) => attribute.Type switch
    {
        AttributeType.Bool => left.Boolean.CompareTo(right.Boolean),
        AttributeType.Int => left.Integer.CompareTo(right.Integer),
        AttributeType.Version => Constants.Compare(left.Text, right.Text),
        AttributeType.Duration => Seconds(left).CompareTo(Seconds(right)),
        AttributeType.Instant => Instant(left).CompareTo(Instant(right)),
        AttributeType.Address => Address(left).CompareTo(Address(right)),
        AttributeType.Set => left.Equals(right) ? 0 : 1,
        _ => string.CompareOrdinal(left.Text, right.Text),
    };

    private static long Seconds(AttributeValue value) => DurationText.TryParse(value.Text, out long seconds) ? seconds : throw new FormatException(value.Text);

    private static long Instant(AttributeValue value) => InstantText.TryParse(value.Text, out long seconds) ? seconds : throw new FormatException(value.Text);

    private static UInt128 Address(AttributeValue value) => AddressBlock.TryParseAddress(value.Text, out UInt128 address) ? address : throw new FormatException(value.Text);
}
