using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Why a condition holds, does not hold, or is open: the tests that settle it, each with the value that it met.</summary>
internal sealed class Reasons(ContextReading reading)
{
    private static readonly ImmutableArray<string> Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>Of each condition what was found: parts are shared, and a walk per path might not end.</summary>
    private readonly Dictionary<BoundCondition, ImmutableArray<Reason>> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>The tests that settle a condition, or that leave it open; each once.</summary>
    public ImmutableArray<Reason> Of(BoundCondition condition)
    {
        if (_known.TryGetValue(condition, out ImmutableArray<Reason> known))
            return known;
        var found = new List<Reason>();
        Add(condition, found);
        return _known[condition] = [.. found.Distinct()];
    }

    private void Add(BoundCondition condition, List<Reason> found)
    {
        bool? holds = reading.Holds(condition);
        switch (condition)
        {
            case BoundCondition.Constant:
                break;
            case BoundCondition.Not { Part: not (BoundCondition.Below or BoundCondition.OneOf or BoundCondition.SameAs) and var part }:
                found.AddRange(Of(part));
                break;
            case BoundCondition.All all:
                Add(all.Parts, holds, decisive: false, found);
                break;
            case BoundCondition.Any any:
                Add(any.Parts, holds, decisive: true, found);
                break;
            default:
                found.Add(new Reason(Words(condition), holds, Met(condition)));
                break;
        }
    }

    /// <summary>One part settles it, and the one with the fewest tests is the shortest to read; else all do, or those that are open.</summary>
    private void Add(ImmutableArray<BoundCondition> parts, bool? holds, bool decisive, List<Reason> found)
    {
        if (holds == decisive)
        {
            found.AddRange(parts.Where(part => reading.Holds(part) == decisive).Select(Of).MinBy(reasons => reasons.Length));
            return;
        }
        foreach (BoundCondition part in parts.Where(part => holds is not null || reading.Holds(part) is null))
            found.AddRange(Of(part));
    }

    private static string Words(BoundCondition condition) => condition switch
    {
        BoundCondition.Not { Part: BoundCondition.Below below } => $"{below.Attribute.Name} {(below.OrEqual ? ">" : ">=")} {Literal(below.Attribute, below.Limit)}",
        BoundCondition.Not { Part: BoundCondition.OneOf { Attribute.Type: AttributeType.Bool, Values: [var truth] } flag } => truth.Boolean ? $"not {flag.Attribute.Name}" : flag.Attribute.Name,
        BoundCondition.Not { Part: BoundCondition.OneOf { Values: [var value] } other } => $"{other.Attribute.Name} != {Literal(other.Attribute, value)}",
        BoundCondition.Not { Part: BoundCondition.SameAs same } => $"{same.Left.Name} != {same.Right.Name}",
        BoundCondition.Not not => $"not {Words(not.Part)}",
        BoundCondition.Below below => $"{below.Attribute.Name} {(below.OrEqual ? "<=" : "<")} {Literal(below.Attribute, below.Limit)}",
        BoundCondition.OneOf { Attribute.Type: AttributeType.Bool, Values: [var truth] } flag => truth.Boolean ? flag.Attribute.Name : $"not {flag.Attribute.Name}",
        BoundCondition.OneOf { Values: [var value] } one => $"{one.Attribute.Name} == {Literal(one.Attribute, value)}",
        BoundCondition.OneOf several => $"{several.Attribute.Name} in [{string.Join(", ", several.Values.Select(value => Literal(several.Attribute, value)))}]",
        BoundCondition.SameAs same => $"{same.Left.Name} == {same.Right.Name}",
        BoundCondition.Has has => $"has {has.Attribute.Name}",
        BoundCondition.Contains contains => $"{contains.Attribute.Name} contains \"{contains.Item}\"",
        BoundCondition.StartsWith starts => $"{starts.Attribute.Name} starts-with \"{starts.Prefix}\"",
        BoundCondition.Within within => $"{within.Attribute.Name} within {(within.Blocks.Length == 1 ? within.Blocks[0].ToString() : $"[{string.Join(", ", within.Blocks)}]")}",
        BoundCondition.Clock clock => $"{Name(clock.Reading)} in {string.Join(" or ", clock.Values.Select(interval => $"{Shown(clock.Reading, interval.Low)}..{Shown(clock.Reading, interval.High)}"))}",
        _ => throw new InvalidOperationException($"no words for {condition.GetType().Name}"),
    };

    /// <summary>The value that a test met, in words; null where it tells no more than the test does.</summary>
    private string? Met(BoundCondition condition) => condition switch
    {
        BoundCondition.Not not => Met(not.Part),
        BoundCondition.Has has => reading.Holds(has) == true ? Value(has.Attribute)
            : has.Attribute.Default is { } standard && reading.ValueOf(has.Attribute) is not null ? $"it is not given, and {Literal(has.Attribute, standard)} by default" : "it is missing",
        BoundCondition.SameAs same => $"{Value(same.Left)} and {Value(same.Right)}",
        BoundCondition.Clock clock => $"it is {Shown(clock.Reading, reading.Shown(clock))}",
        BoundCondition.OneOf test => Value(test.Attribute),
        BoundCondition.Below test => Value(test.Attribute),
        BoundCondition.Contains test => Value(test.Attribute),
        BoundCondition.StartsWith test => Value(test.Attribute),
        BoundCondition.Within test => Value(test.Attribute),
        _ => null,
    };

    private string Value(AttributeDefinition attribute) => reading.ValueOf(attribute) is { } value ? $"it is {Literal(attribute, value)}" : "it is missing";

    /// <summary>A value as a policy would write it.</summary>
    public static string Literal(AttributeDefinition attribute, AttributeValue value) =>
        attribute.Type is AttributeType.Version or AttributeType.Duration or AttributeType.Instant or AttributeType.Address ? value.Text : value.ToString();

    private static string Name(ClockReading reading) => reading switch
    {
        ClockReading.Now => "time.now",
        ClockReading.TimeOfDay => "time.of-day",
        _ => "time.weekday",
    };

    private static string Shown(ClockReading reading, long value) => reading switch
    {
        ClockReading.Now => value is long.MinValue ? "ever" : value == long.MaxValue ? "ever" : InstantText.Format(value),
        ClockReading.TimeOfDay => TimeSpan.FromSeconds(value).ToString(value % 60 == 0 ? @"hh\:mm" : @"hh\:mm\:ss", CultureInfo.InvariantCulture),
        _ => Days[(int)value],
    };
}
