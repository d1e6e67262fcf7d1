using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Why a condition holds, does not hold, or is open: the tests that settle it, each with the value that it met.</summary>
internal sealed class Reasons(ContextReading reading)
{
    /// <summary>Of each condition, and of its contrary, what was found: parts are shared, and a walk per path might not end.</summary>
    private readonly Dictionary<BoundCondition, ImmutableArray<Reason>>[] _known = [new(ReferenceEqualityComparer.Instance), new(ReferenceEqualityComparer.Instance)];

    /// <summary>
    /// The tests that settle a condition, or that leave it open; each once. What stands under a <c>not</c> is told by its contrary, so that whatever settles that a condition does
    /// not hold is a test that fails.
    /// </summary>
    public ImmutableArray<Reason> Of(BoundCondition condition) => Of(condition, isContrary: false);

    private ImmutableArray<Reason> Of(BoundCondition condition, bool isContrary)
    {
        Dictionary<BoundCondition, ImmutableArray<Reason>> known = _known[isContrary ? 1 : 0];
        if (known.TryGetValue(condition, out ImmutableArray<Reason> reasons))
            return reasons;
        return known[condition] = condition switch
        {
            BoundCondition.Constant => [],
            BoundCondition.Not not => Of(not.Part, !isContrary),
            BoundCondition.All all => Of(all.Parts, isContrary, reading.Holds(condition), decisive: false),
            BoundCondition.Any any => Of(any.Parts, isContrary, reading.Holds(condition), decisive: true),
            _ when isContrary => [new Reason(Contrary(condition), !reading.Holds(condition), Met(condition))],
            _ => [new Reason(Words(condition), reading.Holds(condition), Met(condition))],
        };
    }

    /// <summary>One part settles it, and the one with the fewest tests is the shortest to read; else all do, or those that are open.</summary>
    private ImmutableArray<Reason> Of(ImmutableArray<BoundCondition> parts, bool isContrary, bool? holds, bool decisive) => holds == decisive
        ? parts.Where(part => reading.Holds(part) == decisive).Select(part => Of(part, isContrary)).MinBy(reasons => reasons.Length)
        : [.. parts.Where(part => holds is not null || reading.Holds(part) is null).SelectMany(part => Of(part, isContrary)).Distinct()];

    private static string Words(BoundCondition condition) => condition switch
    {
        BoundCondition.Below below => $"{below.Attribute.Name} {(below.OrEqual ? "<=" : "<")} {Literal(below.Attribute, below.Limit)}",
        BoundCondition.OneOf { Attribute.Type: AttributeType.Bool, Values: [var truth] } flag => truth.Boolean ? flag.Attribute.Name : $"not {flag.Attribute.Name}",
        BoundCondition.OneOf { Values: [var value] } one => $"{one.Attribute.Name} == {Literal(one.Attribute, value)}",
        BoundCondition.OneOf several => $"{several.Attribute.Name} in [{string.Join(", ", several.Values.Select(value => Literal(several.Attribute, value)))}]",
        BoundCondition.SameAs same => $"{same.Left.Name} == {same.Right.Name}",
        BoundCondition.Has has => $"has {has.Attribute.Name}",
        BoundCondition.Contains contains => $"{contains.Attribute.Name} contains \"{contains.Item}\"",
        BoundCondition.StartsWith starts => $"{starts.Attribute.Name} starts-with \"{starts.Prefix}\"",
        BoundCondition.Within within => $"{within.Attribute.Name} within {(within.Blocks.Length == 1 ? within.Blocks[0].ToString() : $"[{string.Join(", ", within.Blocks)}]")}",
        BoundCondition.Clock clock => ClockWords.Of(clock),
        _ => throw new InvalidOperationException($"no words for {condition.GetType().Name}"),
    };

    /// <summary>The contrary of a test, as its author will have written it.</summary>
    private static string Contrary(BoundCondition condition) => condition switch
    {
        BoundCondition.Below below => $"{below.Attribute.Name} {(below.OrEqual ? ">" : ">=")} {Literal(below.Attribute, below.Limit)}",
        BoundCondition.OneOf { Attribute.Type: AttributeType.Bool, Values: [var truth] } flag => truth.Boolean ? $"not {flag.Attribute.Name}" : flag.Attribute.Name,
        BoundCondition.OneOf { Values: [var value] } other => $"{other.Attribute.Name} != {Literal(other.Attribute, value)}",
        BoundCondition.SameAs same => $"{same.Left.Name} != {same.Right.Name}",
        BoundCondition.Has has => $"not {Words(has)}",
        _ => $"not ({Words(condition)})",
    };

    /// <summary>The value that a test met, in words; null where it tells no more than the test does.</summary>
    private string? Met(BoundCondition condition) => condition switch
    {
        BoundCondition.Has has => reading.Holds(has) == true ? Value(has.Attribute)
            : has.Attribute.Default is { } standard && reading.ValueOf(has.Attribute) is not null ? $"it is not given, and {Literal(has.Attribute, standard)} by default" : Missing(has.Attribute),
        BoundCondition.SameAs same => $"{Value(same.Left)} and {Value(same.Right)}",
        BoundCondition.Clock clock => $"it is {ClockWords.Shown(clock.Reading, reading.Shown(clock))}",
        BoundCondition.OneOf test => Value(test.Attribute),
        BoundCondition.Below test => Value(test.Attribute),
        BoundCondition.Contains test => Value(test.Attribute),
        BoundCondition.StartsWith test => Value(test.Attribute),
        BoundCondition.Within test => Value(test.Attribute),
        _ => null,
    };

    private string Value(AttributeDefinition attribute) => reading.ValueOf(attribute) is { } value ? $"it is {Literal(attribute, value)}" : Missing(attribute);

    /// <summary>That there is no value; of an age, why not.</summary>
    private string Missing(AttributeDefinition attribute) => attribute.AgeOf is { } instant && reading.InstantOf(attribute) is { } since
        ? $"it counts as missing, because {instant} is {since.Text}, which is {(reading.IsAhead(since) ? "still to come" : "beyond the range of the age")}"
        : "it is missing";

    /// <summary>A value as a policy would write it.</summary>
    public static string Literal(AttributeDefinition attribute, AttributeValue value) =>
        attribute.Type is AttributeType.Version or AttributeType.Duration or AttributeType.Instant or AttributeType.Address ? value.Text : value.ToString();
}
