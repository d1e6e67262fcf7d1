using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Cli;

/// <summary>A line of a drawn tree.</summary>
/// <param name="Depth">How far it is indented.</param>
/// <param name="Label">The values by which it is reached; empty for the root.</param>
/// <param name="Text">What is there: an answer, a reference to a subtree that is drawn elsewhere, or what was left out; empty where lines follow below it.</param>
/// <param name="Name">The name by which other lines refer to it; null where none does.</param>
/// <param name="IsDenied">Whether it is a denial; null where it is no answer.</param>
/// <param name="IsLast">Whether it is the last of its parent.</param>
internal sealed record TreeRow(int Depth, string Label, string Text, string? Name, bool? IsDenied, bool IsLast);

/// <summary>Lays a tree out in lines. A subtree that is reached more than once is drawn where it is met first, under a name, and referred to elsewhere.</summary>
internal sealed class TreeRows
{
    private readonly TreePicture _picture;
    private readonly int _depth;
    private readonly bool _full;
    private readonly int[] _uses;
    private readonly Dictionary<int, string> _names = [];
    private readonly List<TreeRow> _rows = [];

    private TreeRows(TreePicture picture, int depth, bool full)
    {
        _picture = picture;
        _depth = depth;
        _full = full;
        _uses = new int[picture.Nodes.Length];
        foreach (TreePictureEdge edge in picture.Nodes.SelectMany(node => node.Edges))
            _uses[edge.Node]++;
    }

    /// <param name="picture">The tree.</param>
    /// <param name="depth">How many levels are drawn.</param>
    /// <param name="full">Whether long lists are written whole.</param>
    public static IReadOnlyList<TreeRow> Of(TreePicture picture, int depth, bool full)
    {
        var rows = new TreeRows(picture, depth, full);
        rows.Add(0, "", 0, isLast: true);
        return rows._rows;
    }

    private void Add(int number, string label, int depth, bool isLast)
    {
        TreePictureNode node = _picture.Nodes[number];
        if (node.Form == TreePictureForm.Answer)
        {
            _rows.Add(new TreeRow(depth, label, Answer(node.Rules, _full), null, node.Rules.IsEmpty ? null : node.Rules.Any(rule => rule.Says.IsDenied), isLast));
            return;
        }
        if (_names.TryGetValue(number, out string? known))
        {
            _rows.Add(new TreeRow(depth, label, $"as {known}", null, null, isLast));
            return;
        }
        if (depth >= _depth)
        {
            _rows.Add(new TreeRow(depth, label, $"… {DiagnosticReport.Count(Below(number), "more node")}", null, null, isLast));
            return;
        }
        string? name = _uses[number] > 1 ? _names[number] = $"#{_names.Count + 1}" : null;
        string text = node.Form == TreePictureForm.Fork ? "all of" : node.Form is TreePictureForm.Cases or TreePictureForm.Masks ? "the first of" : "";
        _rows.Add(new TreeRow(depth, label, text, name, null, isLast));
        for (int i = 0; i < node.Edges.Length; i++)
            Add(node.Edges[i].Node, Label(node.Edges[i], _full), depth + 1, i + 1 == node.Edges.Length);
    }

    private int Below(int number)
    {
        var seen = new HashSet<int>();
        var below = new Stack<int>([number]);
        while (below.TryPop(out int at))
        {
            if (!seen.Add(at))
                continue;
            foreach (TreePictureEdge edge in _picture.Nodes[at].Edges)
                below.Push(edge.Node);
        }
        return seen.Count;
    }

    /// <summary>The values for which an edge is taken.</summary>
    public static string Label(TreePictureEdge edge, bool full) => Printable.Of(full ? edge.Label : ShortLine.Of(edge.Label));

    /// <summary>What an answer comes to: its denials, or the rules whose strictest holds.</summary>
    public static string Answer(ImmutableArray<Rule> rules, bool full)
    {
        string[] denials = [.. rules.Where(rule => rule.Says.IsDenied).Select(rule => Printable.Of(rule.Says.Denial!)).Distinct()];
        return denials.Length > 0 ? $"deny: {Listed(denials, "; ")}"
            : rules.IsEmpty ? "no rule applies"
            : Listed([.. rules.GroupBy(rule => rule.Policy).Select(policy => $"{policy.Key}: {Listed([.. policy.Select(rule => rule.Label)], ", ")}")], " + ");

        string Listed(string[] items, string separator) => full ? string.Join(separator, items) : ShortLine.Listed(items, separator);
    }
}
