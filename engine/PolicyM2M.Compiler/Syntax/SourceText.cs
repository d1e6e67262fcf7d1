using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>A piece of a source text, by UTF-16 offset.</summary>
internal readonly record struct Span(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>The smallest span that covers both.</summary>
    public Span To(Span other) => new(Start, Math.Max(End, other.End) - Start);
}

/// <summary>
/// A source file with the offsets of its lines. A line ends with LF; a CR before it belongs to no column that matters.
/// Or a text drawn from one: then positions are those of the file, so that faults point into what the author wrote.
/// </summary>
internal sealed class SourceText
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly int[] _lineStarts;
    private readonly SourceText? _origin;
    private readonly int[] _places = [];

    public SourceText(SourceFile file)
    {
        Path = file.Path;
        Text = file.Text.Length > 0 && file.Text[0] == ByteOrderMark ? file.Text[1..] : file.Text;
        var starts = new List<int> { 0 };
        for (int i = 0; i < Text.Length; i++)
        {
            if (Text[i] == '\n')
                starts.Add(i + 1);
        }
        _lineStarts = [.. starts];
    }

    /// <summary>A text drawn from a file: a place of the file for each of its offsets, and one for its end.</summary>
    public SourceText(SourceText origin, string text, int[] places)
    {
        Path = origin.Path;
        Text = text;
        _lineStarts = [0];
        _origin = origin;
        _places = places;
    }

    public string Path { get; }

    /// <summary>The text without a byte order mark.</summary>
    public string Text { get; }

    /// <summary>Line and column of an offset, both from 1.</summary>
    public SourcePosition PositionOf(int offset)
    {
        if (_origin is not null)
            return _origin.PositionOf(_places[offset]);
        int found = Array.BinarySearch(_lineStarts, offset);
        int line = found >= 0 ? found : ~found - 1;
        return new SourcePosition(Path, line + 1, offset - _lineStarts[line] + 1);
    }

    public SourcePosition PositionOf(Span span) => PositionOf(span.Start);

    /// <summary>How much of the span lies on its first line, at least 1.</summary>
    public int LengthOnLine(Span span)
    {
        if (_origin is not null)
            return _origin.LengthOnLine(InFile(span));
        int lineEnd = Text.IndexOfAny(['\r', '\n'], span.Start) is >= 0 and int end ? end : Text.Length;
        return Math.Max(1, Math.Min(span.End, lineEnd) - span.Start);
    }

    /// <summary>The file's own text: what an author sees in an editor.</summary>
    public SourceText File => _origin ?? this;

    /// <summary>The span in the file's own text.</summary>
    public Span InFile(Span span)
    {
        if (_origin is null)
            return span;
        int start = _places[span.Start];
        return new Span(start, span.Length == 0 ? 0 : Math.Max(0, _places[span.End - 1] + 1 - start));
    }
}
