using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// How the values of one attribute become numbers, so that a tree compares nothing but 64-bit integers:
/// a bool is 0 or 1, an int is itself, a duration or an instant its seconds, an enumerated value its place in the list; a free text is its
/// place among the texts that the policies name (or <see cref="OtherText"/>). Versions and addresses, and texts where policies also look at how
/// they start, are ranked among the marks that the policies set: 2·i + 1 where the value equals the i-th mark, an even number where
/// it lies between two. Every test of a policy is then a set of intervals. A set has no code of its own: only what it contains has.
/// </summary>
internal sealed class AttributeCoding
{
    /// <summary>The code of a text that no policy names.</summary>
    public const long OtherText = -1;

    private readonly TextCodes _textCodes;
    private readonly SemanticVersion[] _versions = [];
    private readonly UInt128[] _addresses = [];

    /// <param name="definition">The attribute.</param>
    /// <param name="marks">For free texts, versions and addresses those that the policies name, ascending, each once; otherwise empty.</param>
    /// <param name="isRanked">Whether free texts are ranked in ordinal order, and not only told apart.</param>
    /// <exception cref="ArgumentException">A mark is no value of the type, or they do not ascend.</exception>
    public AttributeCoding(AttributeDefinition definition, ImmutableArray<string> marks, bool isRanked = false)
    {
        Definition = definition;
        Marks = marks;
        IsRanked = isRanked;
        bool isText = definition.Type == AttributeType.String;
        ImmutableArray<string> texts = !isText || isRanked ? [] : IsEnumeration ? definition.Values : marks;
        _textCodes = new TextCodes(texts);
        switch (definition.Type)
        {
            case AttributeType.Version:
                _versions = [.. marks.Select(text => SemanticVersion.TryParse(text, out SemanticVersion? v) ? v : throw new ArgumentException($"`{text}` is no version"))];
                DemandAscending(_versions);
                break;
            case AttributeType.Address:
                _addresses = [.. marks.Select(text => AddressBlock.TryParseAddress(text, out UInt128 a) ? a : throw new ArgumentException($"`{text}` is no address"))];
                DemandAscending(_addresses);
                break;
            case AttributeType.String when isRanked:
                for (int i = 1; i < marks.Length; i++)
                {
                    if (string.CompareOrdinal(marks[i - 1], marks[i]) >= 0)
                        throw new ArgumentException($"the marks of {definition.Name} do not ascend");
                }
                break;
        }
        (Lowest, Highest) = definition.Type switch
        {
            AttributeType.Bool => (0, 1),
            AttributeType.Int => (definition.Minimum ?? long.MinValue, definition.Maximum ?? long.MaxValue),
            AttributeType.Duration => (definition.Minimum ?? 0, definition.Maximum ?? DurationText.MaximumSeconds),
            AttributeType.Instant => (long.MinValue, long.MaxValue),
            AttributeType.Version => (0, 2L * marks.Length),
            // Nothing lies before the first address of all.
            AttributeType.Address => (_addresses is [var first, ..] && first == UInt128.Zero ? 1 : 0, 2L * marks.Length),
            AttributeType.String when isRanked => (0, 2L * marks.Length),
            AttributeType.Set => (0, 0),
            _ => IsEnumeration ? (0, texts.Length - 1) : (OtherText, texts.Length - 1),
        };
    }

    public AttributeDefinition Definition { get; }

    /// <summary>The texts, versions or addresses that the policies name, ascending; empty for other types.</summary>
    public ImmutableArray<string> Marks { get; }

    /// <summary>Whether free texts are ranked in ordinal order.</summary>
    public bool IsRanked { get; }

    /// <summary>The smallest code.</summary>
    public long Lowest { get; }

    /// <summary>The largest code.</summary>
    public long Highest { get; }

    /// <summary>Whether codes are names without an order, so that only equality means anything.</summary>
    public bool IsNominal => Definition.Type is AttributeType.Bool or AttributeType.Set || (Definition.Type == AttributeType.String && !IsRanked);

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
            case AttributeType.Set:
                return value.Kind == AttributeValueKind.Set && (!IsEnumeration || value.Texts.All(text => Definition.Values.Contains(text)));
        }
        if (value.Kind != AttributeValueKind.Text)
            return false;
        switch (Definition.Type)
        {
            case AttributeType.Duration:
                return DurationText.TryParse(value.Text, out code) && IsWithinRange(code);
            case AttributeType.Instant:
                return InstantText.TryParse(value.Text, out code);
            case AttributeType.Version:
                if (!SemanticVersion.TryParse(value.Text, out SemanticVersion? version))
                    return false;
                code = Rank(Array.BinarySearch(_versions, version));
                return true;
            case AttributeType.Address:
                if (!AddressBlock.TryParseAddress(value.Text, out UInt128 address))
                    return false;
                code = Rank(Array.BinarySearch(_addresses, address));
                return true;
            default:
                if (IsRanked)
                {
                    code = Rank(Marks.BinarySearch(value.Text, StringComparer.Ordinal));
                    return true;
                }
                code = _textCodes.CodeOf(value.Text);
                return code != OtherText || !IsEnumeration;
        }
    }

    /// <summary>Whether two usable values of the attribute's type are the same.</summary>
    public bool AreSame(in AttributeValue left, in AttributeValue right) => Definition.Type switch
    {
        AttributeType.Version => SemanticVersion.TryParse(left.Text, out SemanticVersion? l) && SemanticVersion.TryParse(right.Text, out SemanticVersion? r) && l == r,
        AttributeType.Address => AddressBlock.TryParseAddress(left.Text, out UInt128 l) && AddressBlock.TryParseAddress(right.Text, out UInt128 r) && l == r,
        AttributeType.Duration => DurationText.TryParse(left.Text, out long l) && DurationText.TryParse(right.Text, out long r) && l == r,
        AttributeType.Instant => InstantText.TryParse(left.Text, out long l) && InstantText.TryParse(right.Text, out long r) && l == r,
        _ => left == right,
    };

    /// <summary>What a value must look like, for people.</summary>
    public string Expected => Definition.Type switch
    {
        AttributeType.Bool => "true or false",
        AttributeType.Int => "a whole number" + Range(n => n.ToString(CultureInfo.InvariantCulture)),
        AttributeType.Duration => "a duration such as `1h30m`" + Range(DurationText.Format),
        AttributeType.Instant => "an instant such as `2027-01-31` or `2027-01-31T06:00Z`",
        AttributeType.Version => "a version such as `2.4.0`",
        AttributeType.Address => "an IPv4 or IPv6 address such as `10.0.0.7`",
        AttributeType.Set => IsEnumeration ? $"a list of {OneOf}" : "a list of strings",
        _ => IsEnumeration ? OneOf : "a string",
    };

    /// <summary>The short way for the values that most contexts hold.</summary>
    public ShortCoding Short => Definition.Type switch
    {
        AttributeType.Int => ShortCoding.OfNumbers(AttributeValue.Mark.WholeNumber, Lowest, Highest),
        AttributeType.Bool => ShortCoding.OfNumbers(AttributeValue.Mark.Truth, Lowest, Highest),
        AttributeType.String when !IsRanked => ShortCoding.OfTexts(_textCodes, isOtherUsable: !IsEnumeration),
        _ => default,
    };

    private string OneOf => "one of " + string.Join(", ", Definition.Values.Select(v => $"`{v}`"));

    /// <summary>The code for what a binary search found: odd on a mark, even between.</summary>
    private static long Rank(int found) => found >= 0 ? 2L * found + 1 : 2L * ~found;

    private bool IsWithinRange(long code) => code >= Lowest && code <= Highest;

    private void DemandAscending<T>(T[] marks)
        where T : IComparable<T>
    {
        for (int i = 1; i < marks.Length; i++)
        {
            if (marks[i - 1].CompareTo(marks[i]) >= 0)
                throw new ArgumentException($"the marks of {Definition.Name} do not ascend");
        }
    }

    private string Range(Func<long, string> text) => (Definition.Minimum, Definition.Maximum) switch
    {
        (null, null) => "",
        ({ } min, null) => $", at least {text(min)}",
        (null, { } max) => $", at most {text(max)}",
        ({ } min, { } max) => $" from {text(min)} to {text(max)}",
    };
}
