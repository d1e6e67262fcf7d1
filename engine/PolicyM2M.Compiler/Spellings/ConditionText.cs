using System.Collections.Immutable;
using System.Text;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Conditions as both spellings write them: one space between words, and the parentheses that a reader needs.</summary>
internal sealed class ConditionText
{
    /// <summary>Deeper than this only the parentheses that the meaning needs are written, so that what could be read can be read again.</summary>
    private const int DeepestForReaders = 16;

    private readonly ImmutableArray<string>.Builder _segments = ImmutableArray.CreateBuilder<string>();
    private readonly StringBuilder _segment = new();

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
    public static ImmutableArray<string> Segments(ConditionSyntax condition)
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
                _segment.Append(named.Name.Text);
                break;
            case ConditionSyntax.Comparison comparison:
                _segment.Append($"{comparison.Attribute.Text} {Sign(comparison.Operator)} {comparison.Literal.Text}");
                break;
            case ConditionSyntax.OneOf one:
                _segment.Append($"{one.Attribute.Text} in [");
                AddList(one.Literals);
                break;
            case ConditionSyntax.Has has:
                _segment.Append($"has {has.Attribute.Text}");
                break;
            case ConditionSyntax.Relation relation:
                _segment.Append($"{relation.Attribute.Text} {relation.Word} {relation.Literal.Text}");
                break;
            case ConditionSyntax.Within { Blocks: [var block] } one:
                _segment.Append($"{one.Attribute.Text} within {block.Text}");
                break;
            case ConditionSyntax.Within several:
                _segment.Append($"{several.Attribute.Text} within [");
                AddList(several.Blocks);
                break;
            case ConditionSyntax.SameAs same:
                _segment.Append($"{same.Left.Text} {Sign(same.Operator)} {same.Right.Text}");
                break;
            case ConditionSyntax.Between between:
                _segment.Append($"{between.Attribute.Text} in {between.Low.Text}..{between.High.Text}");
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
            _segment.Append(items[i].Text).Append(i + 1 < items.Length ? ',' : ']');
            if (i + 1 < items.Length)
                Break();
        }
    }

    private void Break()
    {
        _segments.Add(_segment.ToString());
        _segment.Clear();
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
