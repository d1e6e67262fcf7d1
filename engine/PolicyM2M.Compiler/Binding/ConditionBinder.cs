using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Checks the conditions of one file. A condition with a fault becomes one that never holds: the set is refused anyway.</summary>
internal sealed class ConditionBinder(
    SourceText source, IReadOnlyDictionary<string, AttributeDefinition> attributes, IReadOnlyDictionary<string, DeclarationSyntax.Define> defines,
    IReadOnlySet<string> unreadable, int offsetMinutes, Faults faults)
{
    /// <summary>Names may nest through names; this bounds the recursion of everything that walks a condition.</summary>
    private const int MaximumDepth = 256;

    private readonly Dictionary<string, BoundCondition> _bound = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly ClockBinder _clock = new(source, offsetMinutes, faults);

    public BoundCondition Bind(ConditionSyntax? condition) => condition switch
    {
        null => BoundCondition.Always,
        ConditionSyntax.Any any => new BoundCondition.Any([.. any.Parts.Select(Bind)]),
        ConditionSyntax.All all => new BoundCondition.All([.. all.Parts.Select(Bind)]),
        ConditionSyntax.Not not => new BoundCondition.Not(Bind(not.Part)),
        ConditionSyntax.Named named => Named(named.Name),
        ConditionSyntax.Comparison comparison => Comparison(comparison),
        ConditionSyntax.OneOf oneOf => OneOf(oneOf),
        ConditionSyntax.Between between => Between(between),
        ConditionSyntax.Has has => Attribute(has.Attribute) is { } attribute ? new BoundCondition.Has(attribute) : BoundCondition.Never,
        ConditionSyntax.Relation relation => Relation(relation),
        ConditionSyntax.Within within => Within(within),
        ConditionSyntax.SameAs same => SameAs(same),
        _ => throw new InvalidOperationException($"no binding for {condition.GetType().Name}"),
    };

    /// <summary>The meaning of a <c>define</c>, worked out once however often it is named.</summary>
    public BoundCondition Define(DeclarationSyntax.Define define, NameSyntax use)
    {
        if (_bound.TryGetValue(define.Name.Text, out BoundCondition? bound))
            return bound;
        if (!_open.Add(define.Name.Text))
        {
            faults.RefersToItself(source, use, "define");
            return BoundCondition.Never;
        }
        if (_open.Count > MaximumDepth)
            bound = TooDeep(use);
        else
            bound = Bind(define.Condition) is { Depth: <= MaximumDepth } shallow ? shallow : TooDeep(use);
        _open.Remove(define.Name.Text);
        return _bound[define.Name.Text] = bound;
    }

    private BoundCondition TooDeep(NameSyntax use)
    {
        faults.TooDeep(source, use.Span, MaximumDepth, "one name stands for another too often: write the first of them out");
        return BoundCondition.Never;
    }

    private BoundCondition Named(NameSyntax name)
    {
        if (defines.TryGetValue(name.Text, out DeclarationSyntax.Define? define))
            return Define(define, name);
        if (!attributes.TryGetValue(name.Text, out AttributeDefinition? attribute))
        {
            if (!unreadable.Contains(name.Text))
                faults.UnknownName(source, name, defines.Keys.Concat(attributes.Keys));
            return BoundCondition.Never;
        }
        if (attribute.Type == AttributeType.Bool)
            return new BoundCondition.OneOf(attribute, [AttributeValue.Of(true)]);
        faults.NotABool(source, name, attribute);
        return BoundCondition.Never;
    }

    private BoundCondition Comparison(ConditionSyntax.Comparison comparison)
    {
        if (ClockBinder.ReadingOf(comparison.Attribute.Text) is { } reading)
            return _clock.Comparison(reading, comparison.Operator, comparison.OperatorSpan, comparison.Literal);
        if (Attribute(comparison.Attribute) is not { } attribute)
            return BoundCondition.Never;
        bool isOrder = comparison.Operator is not (M2MToken.Equal or M2MToken.NotEqual);
        if ((isOrder && !HasOrder(attribute)) || attribute.Type == AttributeType.Set)
        {
            faults.WrongOperator(source, comparison.OperatorSpan, source.Text.Substring(comparison.OperatorSpan.Start, comparison.OperatorSpan.Length), attribute);
            return BoundCondition.Never;
        }
        if (LiteralBinder.Bind(comparison.Literal, attribute, source, faults) is not { } value)
            return BoundCondition.Never;
        if (attribute.Type == AttributeType.Instant)
            DayEnd.Warn(comparison.Literal, comparison.Operator, offsetMinutes, source, faults);
        return comparison.Operator switch
        {
            M2MToken.Equal => new BoundCondition.OneOf(attribute, [value]),
            M2MToken.NotEqual => new BoundCondition.Not(new BoundCondition.OneOf(attribute, [value])),
            M2MToken.Less => new BoundCondition.Below(attribute, value, OrEqual: false),
            M2MToken.LessOrEqual => new BoundCondition.Below(attribute, value, OrEqual: true),
            M2MToken.Greater => new BoundCondition.Not(new BoundCondition.Below(attribute, value, OrEqual: true)),
            _ => new BoundCondition.Not(new BoundCondition.Below(attribute, value, OrEqual: false)),
        };
    }

    private BoundCondition OneOf(ConditionSyntax.OneOf oneOf)
    {
        if (ClockBinder.ReadingOf(oneOf.Attribute.Text) is { } reading)
            return _clock.OneOf(reading, oneOf.Literals);
        if (Attribute(oneOf.Attribute) is not { } attribute)
            return BoundCondition.Never;
        if (attribute.Type is AttributeType.Bool or AttributeType.Set)
        {
            faults.WrongOperator(source, oneOf.OperatorSpan, "in", attribute);
            return BoundCondition.Never;
        }
        var values = ImmutableArray.CreateBuilder<AttributeValue>();
        var seen = new HashSet<object>();
        foreach (AtomSyntax literal in oneOf.Literals)
        {
            if (LiteralBinder.Bind(literal, attribute, source, faults) is not { } value)
                continue;
            if (seen.Add(Meant(value, attribute)))
                values.Add(value);
            else
                faults.GivenTwice(source, literal.Span, $"`{literal.Text}`");
        }
        return values.Count == 0 ? BoundCondition.Never : new BoundCondition.OneOf(attribute, values.ToImmutable());
    }

    /// <summary>What a value is, however it is written: `2.4` and `2.4.0` are one version.</summary>
    private static object Meant(AttributeValue value, AttributeDefinition attribute) => attribute.Type switch
    {
        AttributeType.Version when SemanticVersion.TryParse(value.Text, out SemanticVersion? version) => version,
        AttributeType.Address => Constants.Address(value.Text),
        AttributeType.Duration or AttributeType.Instant when new AttributeCoding(attribute, []).TryEncode(value, out long code) => code,
        _ => value,
    };

    private BoundCondition Between(ConditionSyntax.Between between)
    {
        if (ClockBinder.ReadingOf(between.Attribute.Text) is { } reading)
            return _clock.Between(reading, between.Low, between.High);
        if (Attribute(between.Attribute) is not { } attribute)
            return BoundCondition.Never;
        if (!HasOrder(attribute))
        {
            faults.WrongOperator(source, between.OperatorSpan, "in …..…", attribute);
            return BoundCondition.Never;
        }
        AttributeValue? low = LiteralBinder.Bind(between.Low, attribute, source, faults), high = LiteralBinder.Bind(between.High, attribute, source, faults);
        if (low is null || high is null)
            return BoundCondition.Never;
        if (IsAbove(low.Value, high.Value, attribute))
            faults.EmptyRange(source, between.Low.Span.To(between.High.Span));
        else if (attribute.Type == AttributeType.Instant)
            DayEnd.Warn(between.High, offsetMinutes, source, faults);
        BoundCondition atLeast = new BoundCondition.Not(new BoundCondition.Below(attribute, low.Value, OrEqual: false)), atMost = new BoundCondition.Below(attribute, high.Value, OrEqual: true);
        // An end that is the end of the attribute's own range is there for the reader: by itself it is no test that always holds.
        (bool isFromLowest, bool isToHighest) = (IsEnd(low.Value, attribute, coding => coding.Lowest), IsEnd(high.Value, attribute, coding => coding.Highest));
        return isFromLowest == isToHighest ? new BoundCondition.All([atLeast, atMost]) : isFromLowest ? atMost : atLeast;
    }

    private static bool IsEnd(AttributeValue value, AttributeDefinition attribute, Func<AttributeCoding, long> end) =>
        attribute.Type != AttributeType.Version && new AttributeCoding(attribute, []) is var coding && coding.TryEncode(value, out long code) && code == end(coding);

    private BoundCondition Relation(ConditionSyntax.Relation relation)
    {
        if (Attribute(relation.Attribute) is not { } attribute)
            return BoundCondition.Never;
        bool isContains = relation.Word == "contains";
        if (attribute.Type != (isContains ? AttributeType.Set : AttributeType.String))
        {
            faults.WrongOperator(source, relation.OperatorSpan, relation.Word, attribute);
            return BoundCondition.Never;
        }
        if (relation.Literal.Kind != M2MToken.String)
        {
            faults.WrongType(source, relation.Literal, attribute, "a string");
            return BoundCondition.Never;
        }
        string text = relation.Literal.Value;
        if (isContains && attribute.Values.Length > 0 && !attribute.Values.Contains(text))
        {
            faults.NotInEnumeration(source, relation.Literal, attribute);
            return BoundCondition.Never;
        }
        if (isContains)
            return new BoundCondition.Contains(attribute, text);
        // An enumeration is known whole: what begins so is a list of its values.
        ImmutableArray<AttributeValue> values = [.. attribute.Values.Where(value => value.StartsWith(text, StringComparison.Ordinal)).Select(AttributeValue.Of)];
        if (attribute.Values.Length == 0)
            return new BoundCondition.StartsWith(attribute, text);
        if (!values.IsEmpty)
            return new BoundCondition.OneOf(attribute, values);
        faults.BeginsNoValue(source, relation.Literal, attribute);
        return BoundCondition.Never;
    }

    private BoundCondition Within(ConditionSyntax.Within within)
    {
        if (Attribute(within.Attribute) is not { } attribute)
            return BoundCondition.Never;
        if (attribute.Type != AttributeType.Address)
        {
            faults.WrongOperator(source, within.OperatorSpan, "within", attribute);
            return BoundCondition.Never;
        }
        var blocks = ImmutableArray.CreateBuilder<AddressBlock>();
        foreach (AtomSyntax literal in within.Blocks)
        {
            if (literal.Kind == M2MToken.Number && AddressBlock.TryParse(literal.Text, out AddressBlock block))
                blocks.Add(block);
            else
                faults.WrongType(source, literal, attribute, "a block such as 10.0.0.0/8 or 2001:db8::/32, with no bits set beyond its prefix");
        }
        return blocks.Count == 0 ? BoundCondition.Never : new BoundCondition.Within(attribute, blocks.ToImmutable());
    }

    private BoundCondition SameAs(ConditionSyntax.SameAs same)
    {
        if (ClockBinder.ReadingOf(same.Left.Text) is { } reading)
            return _clock.Comparison(reading, same.Operator, same.OperatorSpan, new AtomSyntax(M2MToken.Name, same.Right.Text, same.Right.Span));
        if (ClockBinder.ReadingOf(same.Right.Text) is not null)
        {
            faults.ClockOnTheRight(source, same.Right, Attribute(same.Left));
            return BoundCondition.Never;
        }
        if (Attribute(same.Left) is not { } left)
            return BoundCondition.Never;
        if (!attributes.ContainsKey(same.Right.Text) && left.Type == AttributeType.String)
        {
            faults.UnquotedText(source, same.Right, left, attributes.Keys.Concat(ClockBinder.Names));
            return BoundCondition.Never;
        }
        if (Attribute(same.Right) is not { } right)
            return BoundCondition.Never;
        if (left.Type != right.Type || left.AgeOf is not null || right.AgeOf is not null || left == right)
            faults.NotComparable(source, same.Right.Span, left, right);
        else if (same.Operator is not (M2MToken.Equal or M2MToken.NotEqual))
            faults.OrderOfTwo(source, same.OperatorSpan, source.Text.Substring(same.OperatorSpan.Start, same.OperatorSpan.Length), left, right);
        else if (!CanBeSame(left, right))
            faults.NeverTheSame(source, same.Right.Span, left, right);
        else
            return same.Operator == M2MToken.Equal ? new BoundCondition.SameAs(left, right) : new BoundCondition.Not(new BoundCondition.SameAs(left, right));
        return BoundCondition.Never;
    }

    private AttributeDefinition? Attribute(NameSyntax name)
    {
        if (attributes.TryGetValue(name.Text, out AttributeDefinition? attribute))
            return attribute;
        if (ClockBinder.ReadingOf(name.Text) is not null)
            faults.ClockAsAttribute(source, name);
        else
            faults.UnknownAttribute(source, name, attributes.Keys.Concat(ClockBinder.Names));
        return null;
    }

    /// <summary>Whether two attributes of one type have a value in common, by what their schema says of each.</summary>
    private static bool CanBeSame(AttributeDefinition left, AttributeDefinition right) =>
        (left.Type == AttributeType.Set || left.Values.IsEmpty || right.Values.IsEmpty || left.Values.Intersect(right.Values).Any())
            && !(left.Minimum > right.Maximum) && !(right.Minimum > left.Maximum);

    private static bool HasOrder(AttributeDefinition attribute) => attribute.Type is AttributeType.Int or AttributeType.Version or AttributeType.Duration or AttributeType.Instant;

    private static bool IsAbove(AttributeValue low, AttributeValue high, AttributeDefinition attribute)
    {
        if (attribute.Type == AttributeType.Version)
            return Constants.Compare(low.Text, high.Text) > 0;
        var coding = new AttributeCoding(attribute, []);
        return coding.TryEncode(low, out long from) && coding.TryEncode(high, out long to) && from > to;
    }
}
