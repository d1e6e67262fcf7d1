using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>A policy set whose every name and type is checked. This is what the policies mean; everything after it is only faster.</summary>
internal sealed record BoundPolicySet(string Name, ImmutableArray<AttributeDefinition> Attributes, ImmutableArray<BoundPolicy> Policies)
{
    /// <summary>The longest that a demand may be waived for, in seconds; null where the manifest allows no waivers.</summary>
    public long? LongestWaiver { get; init; }
}

/// <summary>A policy: outside its target it says nothing.</summary>
internal sealed record BoundPolicy(string Name, SourcePosition Source, BoundCondition Target, ImmutableArray<BoundBlock> Blocks, ImmutableArray<BoundDemand> Demands)
{
    /// <summary>What the policy takes out of demands, of whichever policy.</summary>
    public ImmutableArray<BoundWaiver> Waivers { get; init; } = [];

    /// <summary>What the policy claims of all decisions.</summary>
    public ImmutableArray<BoundInvariant> Invariants { get; init; } = [];
}

/// <summary>A block: its first case that matches is chosen. The last case always matches: it is <c>otherwise</c>, or the denial where nothing did.</summary>
internal sealed record BoundBlock(DecisionKind Kind, SourcePosition Source, ImmutableArray<BoundCase> Cases);

/// <summary>A case of a block.</summary>
internal sealed record BoundCase(BoundCondition When, Rule Rule);

/// <summary>A <c>require</c> or <c>forbid</c>: it applies whenever its condition holds, and no waiver takes it out.</summary>
internal sealed record BoundDemand(string Name, BoundCondition When, Rule Rule)
{
    /// <summary>The waivers that name it.</summary>
    public ImmutableArray<BoundWaiver> Waivers { get; init; } = [];
}

/// <summary>A <c>waive</c>: in the target of its policy and under its condition it takes one demand out, from an instant and until before another.</summary>
/// <param name="Demand">The demand, as <c>policy.name</c>.</param>
/// <param name="When">The target and the condition.</param>
/// <param name="From">The first second in which it holds, since 1970-01-01T00:00:00Z.</param>
/// <param name="Until">The first second in which it no longer holds.</param>
/// <param name="Because">Why.</param>
/// <param name="ApprovedBy">Who approved it.</param>
/// <param name="Source">Where it stands.</param>
internal sealed record BoundWaiver(string Demand, BoundCondition When, long From, long Until, string Because, string ApprovedBy, SourcePosition Source)
{
    /// <summary>When it holds: its condition and its time.</summary>
    public BoundCondition Holds { get; } = new BoundCondition.All([When, new BoundCondition.Clock(ClockReading.Now, [(From, Until - 1)])]);
}

/// <summary>An <c>invariant</c>: in the target of its policy and under its condition every decision of the kind is a denial, or at least as strict as this.</summary>
/// <param name="Text">What it says, in the author's words.</param>
/// <param name="When">The target and the condition.</param>
/// <param name="Always">The outcome that decisions must not be looser than.</param>
/// <param name="Source">Where it stands.</param>
internal sealed record BoundInvariant(string Text, BoundCondition When, Outcome Always, SourcePosition Source)
{
    /// <summary>The fields in which an outcome is looser than the invariant allows; empty where it keeps it.</summary>
    public ImmutableArray<Field> BrokenBy(Outcome decided)
    {
        if (decided.IsDenied)
            return [];
        return Always.IsDenied
            ? [.. decided.Values.Select(value => value.Field)]
            : [.. Always.Values.Where(value => decided[value.Field] is not { } actual || !actual.Equals(value.Field.Shape.Meet(actual, value.Value))).Select(value => value.Field)];
    }
}

/// <summary>What the clock can be asked for.</summary>
internal enum ClockReading
{
    /// <summary>The moment, in seconds since 1970-01-01T00:00:00Z.</summary>
    Now,

    /// <summary>The second of the day, 0 to 86,399.</summary>
    TimeOfDay,

    /// <summary>The day of the week, 0 for Monday to 6.</summary>
    Weekday,
}

/// <summary>A condition over attributes whose types are checked. Names are gone: a <c>define</c> stands in every place that names it.</summary>
internal abstract record BoundCondition
{
    private BoundCondition(int depth) => Depth = depth;

    /// <summary>How deeply it is nested; walks over it are recursive.</summary>
    public int Depth { get; }

    /// <summary>The attribute that a test of one attribute's value, or its contrary, looks at; otherwise null.</summary>
    public AttributeDefinition? Tested => this switch
    {
        OneOf one => one.Attribute,
        Below below => below.Attribute,
        StartsWith starts => starts.Attribute,
        Within within => within.Attribute,
        Not not => not.Part.Tested,
        _ => null,
    };

    public static BoundCondition Always { get; } = new Constant(true);

    public static BoundCondition Never { get; } = new Constant(false);

    public sealed record Constant(bool Value) : BoundCondition(1);

    public sealed record Any(ImmutableArray<BoundCondition> Parts) : BoundCondition(1 + Parts.Max(part => part.Depth));

    public sealed record All(ImmutableArray<BoundCondition> Parts) : BoundCondition(1 + Parts.Max(part => part.Depth));

    public sealed record Not(BoundCondition Part) : BoundCondition(1 + Part.Depth);

    /// <summary>The attribute has one of these values.</summary>
    public sealed record OneOf(AttributeDefinition Attribute, ImmutableArray<AttributeValue> Values) : BoundCondition(1);

    /// <summary>The attribute is known; this itself always is.</summary>
    public sealed record Has(AttributeDefinition Attribute) : BoundCondition(1);

    /// <summary>The set holds the text.</summary>
    public sealed record Contains(AttributeDefinition Attribute, string Item) : BoundCondition(1);

    /// <summary>The text begins with the prefix, code unit by code unit.</summary>
    public sealed record StartsWith(AttributeDefinition Attribute, string Prefix) : BoundCondition(1);

    /// <summary>The address lies in one of the blocks.</summary>
    public sealed record Within(AttributeDefinition Attribute, ImmutableArray<AddressBlock> Blocks) : BoundCondition(1);

    /// <summary>Both attributes, of one type, have the same value.</summary>
    public sealed record SameAs(AttributeDefinition Left, AttributeDefinition Right) : BoundCondition(1);

    /// <summary>What the clock shows at an offset from UTC, in minutes, lies in one of the intervals, both ends included.</summary>
    public sealed record Clock(ClockReading Reading, ImmutableArray<(long Low, long High)> Values, int OffsetMinutes = 0) : BoundCondition(1);

    /// <summary>The attribute is less than, or with <paramref name="OrEqual"/> at most, a value.</summary>
    public sealed record Below(AttributeDefinition Attribute, AttributeValue Limit, bool OrEqual) : BoundCondition(1);
}
