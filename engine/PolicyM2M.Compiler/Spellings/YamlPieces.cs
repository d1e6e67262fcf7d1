using System.Text;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// The scalars of a YAML file and its comments, in the file's order, as one text with a line or more for each. What a scalar says is
/// read from its piece by the parser of <c>.m2m</c>; the text knows where in the file each character came from.
/// </summary>
internal sealed class YamlPieces
{
    private readonly List<Piece> _pieces = [];

    private YamlPieces(SourceText file, List<Scalar> scalars)
    {
        var text = new StringBuilder();
        var places = new List<int>(file.Text.Length + 1);
        var comments = new List<Span>();
        int from = 0;
        foreach (Scalar scalar in scalars)
        {
            int start = (int)scalar.Start.Index, end = (int)scalar.End.Index;
            AddComments(start);
            if (scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded)
                AddHeader(start, end);
            Add(start, scalar.Value, ScalarPlaces.Of(file.Text, start, end, scalar.Style, scalar.Value));
            from = end;
        }
        AddComments(file.Text.Length);
        places.Add(file.Text.Length);
        Text = new SourceText(file, text.ToString(), [.. places]);
        Comments = comments;

        void AddComments(int until)
        {
            foreach (Span comment in CommentsOf(file.Text, from, until))
                AddComment(comment.Start, comment);
        }

        // Behind the sign of a text in lines of its own there may be a comment; it stands before what the text says, where the node itself is not looked for.
        void AddHeader(int start, int end)
        {
            int line = file.Text.IndexOf('\n', start, end - start) is >= 0 and int found ? found : end;
            foreach (Span comment in CommentsOf(file.Text, start, line))
                AddComment(start - 1, comment);
        }

        void AddComment(int at, Span comment)
        {
            comments.Add(new Span(text.Length, comment.Length));
            Add(at, file.Text.Substring(comment.Start, comment.Length), [.. Enumerable.Range(comment.Start, comment.Length + 1)]);
        }

        void Add(int start, string value, int[] piecePlaces)
        {
            _pieces.Add(new Piece(start, new Span(text.Length, value.Length)));
            text.Append(value).Append('\n');
            places.AddRange(piecePlaces);
        }
    }

    public SourceText Text { get; }

    /// <summary>The comments, each with its <c>#</c>.</summary>
    public IReadOnlyList<Span> Comments { get; }

    /// <summary>The pieces of a file that <see cref="YamlText"/> could read; null, with a fault, where it has what no policy may have.</summary>
    public static YamlPieces? Of(SourceText file, Diagnostics.Faults faults)
    {
        var scalars = new List<Scalar>();
        var parser = new Parser(new StringReader(file.Text));
        bool isPlain = true;
        while (parser.MoveNext())
        {
            // One thing said at several places could be said at a million; and who reads a rule should see all of it.
            if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
            {
                faults.MalformedYaml(file, new Span((int)parser.Current.Start.Index, 1), "a policy has no anchors, aliases and tags");
                isPlain = false;
            }
            if (parser.Current is Scalar scalar)
                scalars.Add(scalar);
        }
        return isPlain ? new YamlPieces(file, scalars) : null;
    }

    /// <summary>What a node says: a scalar's value, or all from the first scalar of a list or mapping to the last.</summary>
    public Span this[YamlNode node]
    {
        get
        {
            int first = IndexOf((int)node.Start.Index);
            if (node is YamlScalarNode)
                return _pieces[first].Said;
            int last = LastOf(node);
            return last < first ? new Span(first < _pieces.Count ? _pieces[first].Said.Start : Text.Text.Length, 0) : _pieces[first].Said.To(_pieces[last].Said);
        }
    }

    /// <summary>The piece that a node ends with. The library says only where a list or mapping begins.</summary>
    private int LastOf(YamlNode node) => node switch
    {
        YamlSequenceNode { Children: [.., { } last] } => LastOf(last),
        YamlMappingNode { Children: { Count: > 0 } entries } => LastOf(entries[entries.Count - 1].Value),
        YamlScalarNode => IndexOf((int)node.Start.Index),
        _ => IndexOf((int)node.Start.Index) - 1,
    };

    /// <summary>The first piece that begins at a place of the file or behind it.</summary>
    private int IndexOf(int place)
    {
        int low = 0, high = _pieces.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_pieces[middle].Start < place)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Between two scalars there are signs, blanks, and comments: a <c>#</c> there begins one.</summary>
    private static IEnumerable<Span> CommentsOf(string file, int from, int until)
    {
        for (int at = from; at < until && file.IndexOf('#', at, until - at) is >= 0 and int start;)
        {
            int end = file.IndexOfAny(['\r', '\n'], start) is >= 0 and int found ? found : file.Length;
            yield return new Span(start, end - start);
            at = end;
        }
    }

    private readonly record struct Piece(int Start, Span Said);
}
