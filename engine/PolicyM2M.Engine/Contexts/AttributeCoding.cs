using System.Collections.Frozen;
using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// How the values of one attribute become numbers, so that a tree compares nothing but 64-bit integers:
/// a bool is 0 or 1, an int is itself, a duration its seconds, an enumerated value its place in the list; a free text is its place
/// among the texts that the policies name (or <see cref="OtherText"/>); and a version is its rank among the versions they name:
/// 2·i + 1 where it equals the i-th, an even number where it lies between two. Every test of a policy is then a set of intervals.
/// </summary>
internal sealed class AttributeCoding
{
    /// <summary>The code of a text that no policy names.</summary>
    public const long OtherText = -1;

    private readonly FrozenDictionary<string, int> _textCodes;
    private readonly SemanticVersion[] _versions;

    /// <param name="definition">The attribute.</param>
    /// <param name="constants">For free texts and versions those that the policies name, ascending, each once; otherwise empty.</param>
    /// <exception cref="ArgumentException">A constant is no version, or they do not ascend.</exception>
    public AttributeCoding(AttributeDefinition definition, ImmutableArray<string> constants)
    {
        Definition = definition;
        Constants = constants;
        ImmutableArray<string> texts = definition.Type != AttributeType.String ? [] : IsEnumeration ? definition.Values : constants;
        _textCodes = texts.Select((text, code) => KeyValuePair.Create(text, code)).ToFrozenDictionary(StringComparer.Ordinal);
        _versions = definition.Type != AttributeType.Version ? []
            : [.. constants.Select(text => SemanticVersion.TryParse(text, out SemanticVersion? v) ? v : throw new ArgumentException($"`{text}` is no version"))];
        for (int i = 1; i < _versions.Length; i++)
        {
            if (_versions[i - 1] >= _versions[i])
                throw new ArgumentException($"versions of {definition.Name} do not ascend");
        }
        (Lowest, Highest) = definition.Type switch
        {
            AttributeType.Bool => (0, 1),
            AttributeType.Int => (definition.Minimum ?? long.MinValue, definition.Maximum ?? long.MaxValue),
            AttributeType.Duration => (definition.Minimum ?? 0, definition.Maximum ?? DurationText.MaximumSeconds),
            AttributeType.Version => (0, 2L * _versions.Length),
            _ => IsEnumeration ? (0, texts.Length - 1) : (OtherText, texts.Length - 1),
        };
    }

    public AttributeDefinition Definition { get; }

    /// <summary>The texts or versions that the policies name, ascending; empty for other types.</summary>
    public ImmutableArray<string> Constants { get; }

    /// <summary>The smallest code.</summary>
    public long Lowest { get; }

    /// <summary>The largest code.</summary>
    public long Highest { get; }

    /// <summary>Whether codes are names without an order, so that only equality means anything.</summary>
    public bool IsNominal => Definition.Type is AttributeType.String or AttributeType.Bool;

    private bool IsEnumeration => Definition.Values.Length > 0;

    /// <summary>The code of a value; false where the value is not of the attribute's type, range or enumeration, and so counts as missing.</summary>
    public bool TryEncode(in AttributeValue value, out long code)
    {
        code = 0;
        switch (Definition.Type)
        {
            case AttributeType.Bool:
                code = value.Boolean ? 1 : 0;
                return value.Kind == AttributeValueKind.Boolean;
            case AttributeType.Int:
                code = value.Integer;
                return value.Kind == AttributeValueKind.Integer && IsWithinRange(code);
            case AttributeType.Duration:
                return value.Kind == AttributeValueKind.Text && DurationText.TryParse(value.Text, out code) && IsWithinRange(code);
            case AttributeType.Version:
                if (value.Kind != AttributeValueKind.Text || !SemanticVersion.TryParse(value.Text, out SemanticVersion? version))
                    return false;
                int at = Array.BinarySearch(_versions, version);
                code = at >= 0 ? 2L * at + 1 : 2L * ~at;
                return true;
            default:
                if (value.Kind != AttributeValueKind.Text)
                    return false;
                bool known = _textCodes.TryGetValue(value.Text, out int textCode);
                code = known ? textCode : OtherText;
                return known || !IsEnumeration;
        }
    }

    /// <summary>What a value must look like, for people.</summary>
    public string Expected => Definition.Type switch
    {
        AttributeType.Bool => "true or false",
        AttributeType.Int => "a whole number" + Range(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        AttributeType.Duration => "a duration such as `1h30m`" + Range(DurationText.Format),
        AttributeType.Version => "a version such as `2.4.0`",
        _ => IsEnumeration ? "one of " + string.Join(", ", Definition.Values.Select(v => $"`{v}`")) : "a string",
    };

    private bool IsWithinRange(long code) => code >= Lowest && code <= Highest;

    private string Range(Func<long, string> text) => (Definition.Minimum, Definition.Maximum) switch
    {
        (null, null) => "",
        ({ } min, null) => $", at least {text(min)}",
        (null, { } max) => $", at most {text(max)}",
        ({ } min, { } max) => $" from {text(min)} to {text(max)}",
    };
}
