using System.Collections.Immutable;
using System.Text;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Conditions as both spellings write them: one space between words, and the parentheses that a reader needs.</summary>
internal sealed class ConditionText
{
    /// <summary>Deeper than this only the parentheses that the meaning needs are written, so that what could be read can be read again.</summary>
    private const int DeepestForReaders = 16;

    private readonly ImmutableArray<ConditionSegment>.Builder _segments = ImmutableArray.CreateBuilder<ConditionSegment>();
    private readonly StringBuilder _segment = new();
    private Span? _place;

    private ConditionText()
    {
    }

    private enum Within
    {
        Nothing,
        Any,
        All,
        Not,
    }

    /// <summary>The condition in segments, between which there is a space or, where the line would be too long, a line break.</summary>
    public static ImmutableArray<string> Segments(ConditionSyntax condition) => [.. Placed(condition).Select(segment => segment.Text)];

    /// <summary>The same segments, with their places in the source.</summary>
    public static ImmutableArray<ConditionSegment> Placed(ConditionSyntax condition)
    {
        var text = new ConditionText();
        text.Add(condition, Within.Nothing, 0);
        text.Break();
        return text._segments.ToImmutable();
    }

    public static string Of(ConditionSyntax condition) => string.Join(' ', Segments(condition));

    private void Add(ConditionSyntax condition, Within outer, int depth)
    {
        bool needs = condition switch
        {
            ConditionSyntax.Any => outer != Within.Nothing,
            ConditionSyntax.All => outer is Within.All or Within.Not || (outer == Within.Any && depth <= DeepestForReaders),
            ConditionSyntax.Named or ConditionSyntax.Not or ConditionSyntax.Has => false,
            _ => outer == Within.Not && depth <= DeepestForReaders,
        };
        if (needs)
            _segment.Append('(');
        switch (condition)
        {
            case ConditionSyntax.Any any:
                AddAll(any.Parts, "or ", Within.Any, depth);
                break;
            case ConditionSyntax.All all:
                AddAll(all.Parts, "and ", Within.All, depth);
                break;
            case ConditionSyntax.Not not:
                _segment.Append("not ");
                Add(not.Part, Within.Not, depth + 1);
                break;
            case ConditionSyntax.Named named:
                Write(named.Name.Text, named.Span);
                break;
            case ConditionSyntax.Comparison comparison:
                Write($"{comparison.Attribute.Text} {Sign(comparison.Operator)} {comparison.Literal.Text}", comparison.Span);
                break;
            case ConditionSyntax.OneOf one:
                Write($"{one.Attribute.Text} in [", one.Attribute.Span);
                AddList(one.Literals);
                break;
            case ConditionSyntax.Has has:
                Write($"has {has.Attribute.Text}", has.Span);
                break;
            case ConditionSyntax.Relation relation:
                Write($"{relation.Attribute.Text} {relation.Word} {relation.Literal.Text}", relation.Span);
                break;
            case ConditionSyntax.Within { Blocks: [var block] } one:
                Write($"{one.Attribute.Text} within {block.Text}", one.Span);
                break;
            case ConditionSyntax.Within several:
                Write($"{several.Attribute.Text} within [", several.Attribute.Span);
                AddList(several.Blocks);
                break;
            case ConditionSyntax.SameAs same:
                Write($"{same.Left.Text} {Sign(same.Operator)} {same.Right.Text}", same.Span);
                break;
            case ConditionSyntax.Between between:
                Write($"{between.Attribute.Text} in {between.Low.Text}..{between.High.Text}", between.Span);
                break;
            default:
                throw new InvalidOperationException($"no spelling for {condition.GetType().Name}");
        }
        if (needs)
            _segment.Append(')');
    }

    private void AddAll(ImmutableArray<ConditionSyntax> parts, string word, Within outer, int depth)
    {
        for (int i = 0; i < parts.Length; i++)
        {
            if (i > 0)
            {
                Break();
                _segment.Append(word);
            }
            Add(parts[i], outer, depth + 1);
        }
    }

    private void AddList(ImmutableArray<AtomSyntax> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            Write($"{items[i].Text}{(i + 1 < items.Length ? ',' : ']')}", items[i].Span);
            if (i + 1 < items.Length)
                Break();
        }
    }

    private void Write(string text, Span place)
    {
        _segment.Append(text);
        _place = _place?.To(place) ?? place;
    }

    private void Break()
    {
        _segments.Add(new ConditionSegment(_segment.ToString(), _place!.Value));
        _segment.Clear();
        _place = null;
    }

    private static string Sign(M2MToken sign) => sign switch
    {
        M2MToken.Equal => "==",
        M2MToken.NotEqual => "!=",
        M2MToken.Less => "<",
        M2MToken.LessOrEqual => "<=",
        M2MToken.Greater => ">",
        M2MToken.GreaterOrEqual => ">=",
        _ => throw new InvalidOperationException($"{sign} compares nothing"),
    };
}

/// <summary>A part of a condition that stands on one line.</summary>
/// <param name="Text">The part as it is printed.</param>
/// <param name="Place">From its first name or literal to its last.</param>
internal readonly record struct ConditionSegment(string Text, Span Place);
