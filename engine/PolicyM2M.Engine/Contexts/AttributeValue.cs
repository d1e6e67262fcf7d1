using System.Collections.Immutable;
using System.Globalization;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// A value as a context holds it, before the attribute schema gives it a type: a truth value, a whole number, a text or a set of texts; or something else that was
/// given and that no attribute can have, which every type finds unusable.
/// The default is no value: a missing attribute.
/// </summary>
public readonly record struct AttributeValue
{
    /// <summary>A text is itself, a set its texts; a number or a truth is told by its mark, so that a value takes two words and no more.</summary>
    private readonly object? _content;
    private readonly long _number;

    private AttributeValue(object content, long number)
    {
        _content = content;
        _number = number;
    }

    /// <summary>Which of them it is.</summary>
    public AttributeValueKind Kind => _content switch
    {
        null => AttributeValueKind.None,
        string => AttributeValueKind.Text,
        Mark mark => mark.Kind,
        TextSet => AttributeValueKind.Set,
        _ => AttributeValueKind.Other,
    };

    /// <summary>The number, or 1 for true; 0 where it is neither.</summary>
    internal long Number => _number;

    /// <summary>What tells the kind; <see cref="Mark"/>s can be compared by reference.</summary>
    internal object? Content => _content;

    /// <summary>The truth value; false where it is none.</summary>
    public bool Boolean => _content == Mark.Truth && _number != 0;

    /// <summary>The whole number; 0 where it is none.</summary>
    public long Integer => _content == Mark.WholeNumber ? _number : 0;

    /// <summary>The text; empty where it is none.</summary>
    public string Text => _content as string ?? "";

    /// <summary>The texts of a set, ascending and each once; empty where it is none.</summary>
    public ImmutableArray<string> Texts => (_content as TextSet)?.Items ?? [];

    /// <summary>A truth value.</summary>
    public static AttributeValue Of(bool value) => new(Mark.Truth, value ? 1 : 0);

    /// <summary>A whole number.</summary>
    public static AttributeValue Of(long value) => new(Mark.WholeNumber, value);

    /// <summary>A text. Versions, durations, instants and addresses are texts too: <c>2.4.0</c>, <c>12d</c>, <c>2027-01-31</c>, <c>10.0.0.7</c>.</summary>
    public static AttributeValue Of(string value) => new(value ?? throw new ArgumentNullException(nameof(value)), 0);

    /// <summary>A set of texts, in any order; one given twice counts once.</summary>
    public static AttributeValue Of(IEnumerable<string> values) =>
        new(new TextSet([.. new SortedSet<string>(values, StringComparer.Ordinal)]), 0);

    /// <summary>A value that no attribute can have, such as <c>1.5</c>.</summary>
    /// <param name="json">It as JSON, for messages.</param>
    public static AttributeValue Other(string json) => new(new Unusable(json ?? throw new ArgumentNullException(nameof(json))), 0);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        AttributeValueKind.None => "nothing",
        AttributeValueKind.Boolean => Boolean ? "true" : "false",
        AttributeValueKind.Integer => _number.ToString(CultureInfo.InvariantCulture),
        AttributeValueKind.Set => $"[{string.Join(", ", Texts.Select(text => $"\"{text}\""))}]",
        // No other kind's text begins like this, so that none can be taken for it.
        AttributeValueKind.Other => $"json {((Unusable)_content!).Json}",
        _ => $"\"{Text}\"",
    };

    /// <summary>What a value that is a number has for content.</summary>
    internal sealed class Mark
    {
        public static readonly Mark Truth = new(AttributeValueKind.Boolean);

        public static readonly Mark WholeNumber = new(AttributeValueKind.Integer);

        private Mark(AttributeValueKind kind) => Kind = kind;

        public AttributeValueKind Kind { get; }
    }

    private sealed record Unusable(string Json);

    /// <summary>Equal by content, as a record of an array is not.</summary>
    private sealed record TextSet(ImmutableArray<string> Items)
    {
        public bool Equals(TextSet? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (string item in Items)
                hash.Add(item, StringComparer.Ordinal);
            return hash.ToHashCode();
        }
    }
}

/// <summary>The kinds of raw value.</summary>
public enum AttributeValueKind : byte
{
    /// <summary>No value: the attribute is missing.</summary>
    None,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number of 64 bits.</summary>
    Integer,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A set of texts.</summary>
    Set,

    /// <summary>Something that no attribute can have.</summary>
    Other,
}
