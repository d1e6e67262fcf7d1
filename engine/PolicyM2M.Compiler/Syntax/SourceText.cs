using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>A piece of a source text, by UTF-16 offset.</summary>
internal readonly record struct Span(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>The smallest span that covers both.</summary>
    public Span To(Span other) => new(Start, Math.Max(End, other.End) - Start);
}

/// <summary>A source file with the offsets of its lines. A line ends with LF; a CR before it belongs to no column that matters.</summary>
internal sealed class SourceText
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly int[] _lineStarts;

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

    public string Path { get; }

    /// <summary>The text without a byte order mark.</summary>
    public string Text { get; }

    /// <summary>Line and column of an offset, both from 1.</summary>
    public SourcePosition PositionOf(int offset)
    {
        int found = Array.BinarySearch(_lineStarts, offset);
        int line = found >= 0 ? found : ~found - 1;
        return new SourcePosition(Path, line + 1, offset - _lineStarts[line] + 1);
    }

    public SourcePosition PositionOf(Span span) => PositionOf(span.Start);

    /// <summary>How much of the span lies on its first line, at least 1.</summary>
    public int LengthOnLine(Span span)
    {
        int lineEnd = Text.IndexOfAny(['\r', '\n'], span.Start) is >= 0 and int end ? end : Text.Length;
        return Math.Max(1, Math.Min(span.End, lineEnd) - span.Start);
    }
}
