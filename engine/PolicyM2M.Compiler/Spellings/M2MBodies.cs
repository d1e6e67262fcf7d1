using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Prints the fields of outcomes as <c>.m2m</c>: on one line, or each line of the author's on its own.</summary>
internal sealed class M2MBodies(Page page, CommentCursor comments)
{
    /// <summary>What stands before a body, and all there is of an outcome that has none.</summary>
    public static string Opening(OutcomeSyntax outcome) => outcome.Profile is { } profile ? $" {profile.Text}{(NeedsBody(outcome) ? " with" : "")}" : "";

    public static bool NeedsBody(OutcomeSyntax outcome) => outcome.Profile is null || !outcome.Fields.IsEmpty;

    public static string OneLine(ImmutableArray<FieldSyntax> fields) => fields.IsEmpty ? "{}" : $"{{ {string.Join("  ", fields.Select(FieldText.Of))} }}";

    /// <summary>Whether the author wrote them on one line, or wrote no lines at all.</summary>
    public bool IsOneLine(ImmutableArray<FieldSyntax> fields, int end) =>
        fields.IsEmpty || !(comments.Any(fields[0].Span.Start, comments.EndOf(fields, end)) || (comments.HasLayout && fields.Any(field => comments.StartsLine(field.Span.Start))));

    /// <summary>A head and its body.</summary>
    /// <param name="indentation">That of the line.</param>
    /// <param name="head">What stands before the body on its line.</param>
    /// <param name="fields">The fields.</param>
    /// <param name="end">Where what the body belongs to ends.</param>
    /// <param name="isLong">Whether the body has lines of its own even where it would fit on one.</param>
    /// <param name="inner">The indentation of the line that closes the body.</param>
    public void Print(int indentation, string head, ImmutableArray<FieldSyntax> fields, int end, bool isLong, int inner = 0)
    {
        bool isOneLine = IsOneLine(fields, end);
        if (isOneLine && (!isLong || fields.IsEmpty || comments.HasLayout) && $"{head} {OneLine(fields)}" is var line && indentation + line.Length <= Page.Width)
        {
            page.Add(indentation, line);
            return;
        }
        page.Add(indentation, $"{head} {{", opens: true);
        List<FieldSyntax[]> lines = Lines(fields, isEach: isOneLine || !comments.HasLayout, inner + 2);
        int width = lines.Where(group => group is [{ } only] && FieldText.Tail(only).Length > 0).Select(group => group[0].Name.Text.Length).DefaultIfEmpty(0).Max() + 2;
        for (int i = 0; i < lines.Count; i++)
        {
            FieldSyntax[] group = lines[i];
            comments.Reach(group[0].Span.Start, inner + 2);
            if (group is [{ } only])
                Field(only, width, inner + 2);
            else
                page.Add(inner + 2, string.Join("  ", group.Select(FieldText.Of)));
            comments.End(group[^1].Span, i + 1 < lines.Count ? lines[i + 1][0].Span.Start : comments.HasLayout ? comments.EndOf(fields, end) : int.MaxValue);
        }
        comments.Close(comments.EndOf(fields, end), inner + 2);
        page.Add(inner, "}");
    }

    private void Field(FieldSyntax field, int width, int indentation)
    {
        ImmutableArray<string> segments = FieldText.Segments(field);
        if (segments.IsEmpty)
        {
            page.Add(indentation, field.Name.Text);
            return;
        }
        string head = field.Name.Text.PadRight(width);
        var line = new List<string>();
        int? before = null;
        for (int i = 0; i < segments.Length; i++)
        {
            int? start = FieldText.StartOf(field, i);
            if (start is { } at && before is { } last && ((comments.HasLayout && comments.StartsLine(at)) || comments.Any(last, at)))
            {
                Print();
                // Behind the item that it was written behind, or above the one that it was written above.
                comments.End(new Span(last, 1), at);
                comments.Close(at, indentation + width);
            }
            line.Add(segments[i]);
            before = start ?? before;
        }
        Print();

        void Print()
        {
            foreach (string filled in Page.Fill(line, indentation + width, indentation + width))
            {
                page.Add(indentation, head + filled);
                head = new string(' ', width);
            }
            line.Clear();
        }
    }

    /// <summary>The fields by their lines.</summary>
    private List<FieldSyntax[]> Lines(ImmutableArray<FieldSyntax> fields, bool isEach, int indentation)
    {
        var lines = new List<List<FieldSyntax>>();
        foreach (FieldSyntax field in fields)
        {
            if (lines.Count == 0 || isEach || comments.StartsLine(field.Span.Start))
                lines.Add([]);
            lines[^1].Add(field);
        }
        return [.. lines.SelectMany(line => indentation + line.Sum(field => FieldText.Of(field).Length + 2) - 2 <= Page.Width && !comments.Any(line[0].Span.Start, line[^1].Span.End)
            ? [line.ToArray()] : line.Select(field => new[] { field }))];
    }
}
