using System.Text;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>The lines of a printed policy, to which comments may be added at their ends.</summary>
/// <param name="mark">What begins a comment.</param>
/// <param name="aligns">Whether the comments of adjacent lines stand under one another.</param>
internal sealed class Page(string mark, bool aligns)
{
    /// <summary>Longer lines are broken where they can be.</summary>
    public const int Width = 160;

    private readonly List<(string Text, string? Comment)> _lines = [];

    /// <summary>Nothing stands before: it is the beginning of the page, or of a block.</summary>
    public bool IsAtStart { get; private set; } = true;

    public int Count => _lines.Count;

    /// <summary>Whether a comment can be added to the last line.</summary>
    public bool TakesComment => _lines.Count > 0 && _lines[^1] is { Text.Length: > 0, Comment: null } last && !last.Text.AsSpan().TrimStart().StartsWith(mark);

    /// <summary>Whether the last line ends with a comment that another may continue.</summary>
    public bool EndsWithComment => aligns && _lines.Count > 0 && _lines[^1].Comment is not null;

    public void Add(int indentation, string text, bool opens = false)
    {
        _lines.Add((new string(' ', indentation) + text, null));
        IsAtStart = opens;
    }

    /// <summary>Adds to the last line, before its comment if it has one.</summary>
    public void Extend(string text) => _lines[^1] = (_lines[^1].Text + text, _lines[^1].Comment);

    /// <summary>An empty line, unless there is one or nothing stands before.</summary>
    public void Blank()
    {
        if (!IsAtStart && _lines[^1] is not ("", null))
            _lines.Add(("", null));
    }

    /// <summary>A comment on a line of its own.</summary>
    public void Comment(int indentation, string comment) => Add(indentation, mark + comment);

    /// <summary>A comment at the end of the last line.</summary>
    public void Trail(string comment) => _lines[^1] = (_lines[^1].Text, comment);

    /// <summary>A comment under the one at the end of the last line.</summary>
    public void Continue(string comment) => _lines.Add(("", comment));

    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < _lines.Count;)
        {
            int end = i + 1;
            while (aligns && _lines[i].Comment is not null && end < _lines.Count && _lines[end].Comment is not null)
                end++;
            int column = _lines[i].Comment is null ? 0 : _lines[i..end].Max(line => line.Text.Length) + 2;
            for (; i < end; i++)
                text.Append(_lines[i].Comment is { } comment ? _lines[i].Text.PadRight(column) + mark + comment : _lines[i].Text).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Fills lines with segments, a space between two on one line.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="first">How much of the first line is taken.</param>
    /// <param name="rest">The indentation of the other lines.</param>
    /// <param name="last">How much must be left on the last line.</param>
    /// <returns>The lines, without indentation.</returns>
    public static IReadOnlyList<string> Fill(IReadOnlyList<string> segments, int first, int rest, int last = 0)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        int room = Width - first;
        for (int i = 0; i < segments.Count; i++)
        {
            int needed = segments[i].Length + (i + 1 == segments.Count ? last : 0);
            if (line.Length > 0 && line.Length + 1 + needed > room)
            {
                lines.Add(line.ToString());
                line.Clear();
                room = Width - rest;
            }
            line.Append(line.Length > 0 ? " " : "").Append(segments[i]);
        }
        lines.Add(line.ToString());
        return lines;
    }
}
