using System.Globalization;

namespace PolicyM2M.Engine.Contexts;

/// <summary>A value as a context holds it, before the attribute schema gives it a type: a truth value, a whole number or a text.</summary>
public readonly record struct AttributeValue
{
    private readonly string? _text;
    private readonly long _number;

    private AttributeValue(AttributeValueKind kind, long number, string? text)
    {
        Kind = kind;
        _number = number;
        _text = text;
    }

    /// <summary>Which of the three it is.</summary>
    public AttributeValueKind Kind { get; }

    /// <summary>The truth value; false where it is none.</summary>
    public bool Boolean => Kind == AttributeValueKind.Boolean && _number != 0;

    /// <summary>The whole number; 0 where it is none.</summary>
    public long Integer => Kind == AttributeValueKind.Integer ? _number : 0;

    /// <summary>The text; empty where it is none.</summary>
    public string Text => _text ?? "";

    /// <summary>A truth value.</summary>
    public static AttributeValue Of(bool value) => new(AttributeValueKind.Boolean, value ? 1 : 0, null);

    /// <summary>A whole number.</summary>
    public static AttributeValue Of(long value) => new(AttributeValueKind.Integer, value, null);

    /// <summary>A text. Versions and durations are texts too: <c>2.4.0</c>, <c>12d</c>.</summary>
    public static AttributeValue Of(string value) => new(AttributeValueKind.Text, 0, value ?? throw new ArgumentNullException(nameof(value)));

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        AttributeValueKind.Boolean => Boolean ? "true" : "false",
        AttributeValueKind.Integer => _number.ToString(CultureInfo.InvariantCulture),
        _ => $"\"{Text}\"",
    };
}

/// <summary>The three kinds of raw value.</summary>
public enum AttributeValueKind
{
    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number of 64 bits.</summary>
    Integer,

    /// <summary>A text.</summary>
    Text,
}
