using System.Collections.Immutable;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// Walks through the comments and empty lines of a source beside the printer, which says where it has come to. A comment at the end
/// of a line stays at the end of the line that was printed from it; one on a line of its own goes before what follows it.
/// Mutable, for one printing.
/// </summary>
internal sealed class CommentCursor(PolicySyntax policy, Page page)
{
    private const string EditorsOnly = "yaml-language-server:";

    private readonly SourceText _file = policy.Source.File;
    private readonly ImmutableArray<Span> _comments = policy.Comments;
    private int _next;

    /// <summary>Whether the source is <c>.m2m</c>, whose lines say how the author grouped things.</summary>
    public bool HasLayout => ReferenceEquals(policy.Source, _file);

    /// <summary>Whether what follows is to be read by an editor of YAML: its instructions are kept.</summary>
    public bool KeepsEditorLines { get; init; }

    /// <summary>Prints the comments before an offset, and the empty line that the author left there.</summary>
    public void Reach(int offset, int indentation)
    {
        Flush(comment => comment.Start < offset, indentation);
        if (IsAfterBlank(offset))
            page.Blank();
    }

    /// <summary>Prints the comments before an offset above what is printed next, also those that stand behind a part of it.</summary>
    public void Above(int offset, int indentation) => Flush(comment => comment.Start < offset, _ => indentation, isAbove: true);

    /// <summary>Prints the comments before an offset, at the end of something.</summary>
    public void Close(int offset, int indentation) => Flush(comment => comment.Start < offset, indentation);

    /// <summary>Prints the comments that stand at the end of the line on which something ends, unless the next thing stands between.</summary>
    public void End(Span item, int next = int.MaxValue)
    {
        int line = LineOf(Math.Max(item.Start, item.End - 1));
        Flush(comment => page.TakesComment && comment.Start < next && IsTrailing(comment) && LineOf(comment.Start) == line, 0);
    }

    /// <summary>Prints the comments before an entry of a YAML mapping.</summary>
    /// <param name="entries">Where the entries of the mapping stand.</param>
    /// <param name="key">The key of the entry.</param>
    /// <param name="indentation">That of the entry.</param>
    public void ReachEntry(ImmutableArray<EntryPlace> entries, string key, int indentation)
    {
        if (Find(entries, key) is { } place)
            Close(place.Start, indentation);
    }

    /// <summary>Prints the comments at the end of the line on which an entry ends, or its key where it has entries of its own.</summary>
    /// <param name="entries">Where the entries of the mapping stand.</param>
    /// <param name="key">The key of the entry.</param>
    /// <param name="next">What stands next in the file: a comment behind that is not of this entry.</param>
    public void EndEntry(ImmutableArray<EntryPlace> entries, string key, int next = int.MaxValue)
    {
        if (Find(entries, key) is { } place)
            End(place, entries.Where(entry => entry.Span.Start > place.Start).Select(entry => entry.Span.Start).Append(next).Min());
    }

    private static Span? Find(ImmutableArray<EntryPlace> entries, string key) => entries.FirstOrDefault(entry => entry.Key == key) is { Key: not null } found ? found.Span : null;

    /// <summary>
    /// Prints an empty line before the key of a section, and the comments there. In a YAML source those further to the right than
    /// the key end the section before.
    /// </summary>
    /// <param name="first">Where the section's first item stands.</param>
    /// <param name="isKey">Whether that is the key itself.</param>
    /// <param name="outer">The indentation of the key.</param>
    /// <param name="inner">The indentation of what stands in the section before; 0 where there is none.</param>
    public void ReachSection(int first, bool isKey, int outer, int inner)
    {
        int line = isKey ? LineOf(first) : HasLayout ? 0 : KeyLineOf(first);
        bool IsBefore(Span comment) => comment.Start < first && LineOf(comment.Start) < line;
        bool IsInner(int comment) => !HasLayout && inner > outer && ColumnOf(comment) > outer;
        Flush(comment => !HasLayout && IsBefore(comment) && (IsTrailing(comment) || IsInner(comment.Start)), inner);
        page.Blank();
        Flush(IsBefore, comment => IsInner(comment) ? inner : outer);
    }

    /// <summary>Prints the comments that are left.</summary>
    public void CloseAll(int inner) => Flush(_ => true, comment => HasLayout || ColumnOf(comment) == 0 ? 0 : inner);

    /// <summary>Whether there are comments between two offsets.</summary>
    public bool Any(int from, int to) => _comments.Any(comment => comment.Start >= from && comment.Start < to);

    /// <summary>Whether comments between two offsets take lines of their own: those that do now, and a second at the end of one line.</summary>
    public bool TakeLines(int from, int to)
    {
        Span[] between = [.. _comments.Where(comment => comment.Start >= from && comment.Start < to)];
        return between.Length > 1 || between.Any(comment => !IsTrailing(comment));
    }

    /// <summary>
    /// Where a body ends: at its brace, the first one after its last field that is no comment's. YAML has none: there it ends behind the last of the comments below it that are
    /// indented as far as its fields.
    /// </summary>
    /// <param name="fields">The fields of the body.</param>
    /// <param name="end">Where what the body belongs to ends.</param>
    public int EndOf(ImmutableArray<FieldSyntax> fields, int end)
    {
        if (fields.IsEmpty)
            return end;
        int at = fields[^1].Span.End;
        if (!HasLayout)
            return Behind(at, ColumnOf(fields[0].Span.Start));
        string text = policy.Source.Text;
        while (at < end && text[at] != '}')
        {
            if (text.AsSpan(at).StartsWith("//"))
                at = text.IndexOf('\n', at) is >= 0 and int next ? next : end;
            else
                at++;
        }
        return at;
    }

    /// <summary>Where a block ends: behind its brace, or in YAML behind the last of the comments below it that are indented further than its key.</summary>
    public int EndOf(DeclarationSyntax.Block block) => HasLayout ? block.Span.End : Behind(block.Span.End, ColumnOf(block.Span.Start) + 1);

    /// <summary>Whether a line of the source begins at an offset, after blanks.</summary>
    public bool StartsLine(int offset) => _file.Text.AsSpan(0, policy.Source.InFile(new Span(offset, 0)).Start).TrimEnd(" \t") is [] or [.., '\n' or '\r'];

    public int LineOf(int offset) => policy.Source.PositionOf(offset).Line;

    /// <summary>Whether the line before that of an offset is empty.</summary>
    public bool IsAfterBlank(int offset)
    {
        // The dash is that of an item of a YAML list.
        ReadOnlySpan<char> before = _file.Text.AsSpan(0, policy.Source.InFile(new Span(offset, 0)).Start).TrimEnd(" \t-");
        ReadOnlySpan<char> text = before.TrimEnd();
        return before is [.., '\n'] && before[text.Length..].Count('\n') > (text.IsEmpty ? 0 : 1);
    }

    /// <summary>The line of the key above an item, in YAML; or that of the item, where its key stands on it.</summary>
    private int KeyLineOf(int item)
    {
        int start = policy.Source.InFile(new Span(item, 0)).Start;
        int line = LineOf(item);
        ReadOnlySpan<char> rest = _file.Text.AsSpan(0, start);
        ReadOnlySpan<char> before = rest[(rest.LastIndexOf('\n') + 1)..];
        while (before.TrimStart(" \t-\r") is [] or ['#', ..] && line > 1)
        {
            rest = rest[..rest.LastIndexOf('\n')];
            before = rest[(rest.LastIndexOf('\n') + 1)..];
            line--;
        }
        return line;
    }

    /// <summary>The end of the last comment below an offset of YAML that is indented so far, where nothing stands between but comments.</summary>
    private int Behind(int offset, int column)
    {
        int end = offset;
        foreach (Span comment in _comments.Where(comment => comment.Start >= offset))
        {
            int before = _file.Text.IndexOf('\n', policy.Source.InFile(new Span(end - 1, 1)).End), start = policy.Source.InFile(comment).Start;
            bool isBelow = before >= 0 && before < start && _file.Text.AsSpan(before, start - before).IsWhiteSpace();
            if (isBelow && ColumnOf(comment.Start) < column)
                break;
            if (isBelow)
                end = comment.End;
            else if (!IsTrailing(comment) || LineOf(comment.Start) != LineOf(end - 1))
                break;
        }
        return end;
    }

    private int ColumnOf(int offset) => policy.Source.PositionOf(offset).Column - 1;

    private bool IsTrailing(Span comment) => !StartsLine(comment.Start);

    private void Flush(Func<Span, bool> isDue, int indentation) => Flush(isDue, _ => indentation);

    private void Flush(Func<Span, bool> isDue, Func<int, int> indentation, bool isAbove = false)
    {
        for (; _next < _comments.Length && isDue(_comments[_next]); _next++)
        {
            Span comment = _comments[_next];
            string text = TextOf(comment);
            if (!KeepsEditorLines && text.TrimStart().StartsWith(EditorsOnly, StringComparison.Ordinal))
                continue;
            if (!isAbove && IsTrailing(comment) && page.TakesComment)
                page.Trail(text);
            else if (!isAbove && ContinuesTheLast(comment) && page.EndsWithComment)
                page.Continue(text);
            else
                OwnLine(comment, text, indentation(comment.Start));
        }
    }

    private void OwnLine(Span comment, string text, int indentation)
    {
        if (IsAfterBlank(comment.Start))
            page.Blank();
        page.Comment(indentation, text);
    }

    /// <summary>Whether it stands right under a comment at the end of a line.</summary>
    private bool ContinuesTheLast(Span comment) => _next > 0 && _comments[_next - 1] is var last && ColumnOf(last.Start) == ColumnOf(comment.Start)
        && LineOf(last.Start) == LineOf(comment.Start) - 1 && ColumnOf(comment.Start) > 0 && (IsTrailing(last) || ContinuesBefore(_next - 1));

    private bool ContinuesBefore(int index)
    {
        for (; index > 0; index--)
        {
            Span last = _comments[index - 1], comment = _comments[index];
            if (ColumnOf(last.Start) != ColumnOf(comment.Start) || LineOf(last.Start) != LineOf(comment.Start) - 1)
                return false;
            if (IsTrailing(last))
                return true;
        }
        return false;
    }

    /// <summary>Without its sign; what an editor cannot show, or YAML would take for a line's end, becomes U+FFFD.</summary>
    private string TextOf(Span comment)
    {
        string text = policy.Source.Text.Substring(comment.Start, comment.Length).TrimEnd();
        text = text[(text[0] == '#' ? 1 : 2)..];
        return string.Concat(text.Select(c => c != '\t' && (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF') ? '\uFFFD' : c));
    }
}
