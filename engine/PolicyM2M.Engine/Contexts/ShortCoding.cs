using System.Runtime.CompilerServices;

namespace PolicyM2M.Engine.Contexts;

/// <summary>
/// What it takes to read a value that needs no parsing: a truth, a whole number, a text that is only told apart from others. Flat, so that the codings of all attributes
/// lie side by side and reading one follows no pointers but to the texts.
/// </summary>
internal readonly struct ShortCoding
{
    private readonly AttributeValue.Mark? _mark;
    private readonly TextCodes? _texts;
    private readonly long _lowest;
    private readonly long _highest;

    private ShortCoding(AttributeValue.Mark? mark, TextCodes? texts, long lowest, long highest)
    {
        _mark = mark;
        _texts = texts;
        _lowest = lowest;
        _highest = highest;
    }

    /// <summary>Values with this mark are their own code, within bounds.</summary>
    public static ShortCoding OfNumbers(AttributeValue.Mark mark, long lowest, long highest) => new(mark, null, lowest, highest);

    /// <summary>Texts have the codes of a table; any other text is <see cref="AttributeCoding.OtherText"/>, or not usable.</summary>
    public static ShortCoding OfTexts(TextCodes texts, bool isOtherUsable) => new(null, texts, isOtherUsable ? AttributeCoding.OtherText : 0, long.MaxValue);

    /// <summary>The code of a value that is its own code, or of a text; false also where <see cref="AttributeCoding.TryEncode"/> may know more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEncode(in AttributeValue value, out long code)
    {
        object? content = value.Content;
        code = value.Number;
        if (_texts is not null)
        {
            if (content is not string text)
                return false;
            code = _texts.CodeOf(text);
            return code >= _lowest;
        }
        return _mark is not null && ReferenceEquals(content, _mark) && code >= _lowest && code <= _highest;
    }
}
