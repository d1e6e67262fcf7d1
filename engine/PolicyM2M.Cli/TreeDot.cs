using System.Text;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>Trees as Graphviz reads them: <c>m2m tree policies --dot | dot -Tpdf</c>.</summary>
internal static class TreeDot
{
    public static string Of(IEnumerable<TreePicture> pictures, bool full)
    {
        var text = new StringBuilder("digraph policies {\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\"];\n");
        foreach (TreePicture picture in pictures)
        {
            string kind = picture.Kind.Name();
            text.Append($"  \"{kind}\" [shape=plaintext]; \"{kind}\" -> \"{kind} 0\";\n");
            for (int i = 0; i < picture.Nodes.Length; i++)
            {
                TreePictureNode node = picture.Nodes[i];
                bool isDenied = node.Rules.Any(rule => rule.Says.IsDenied);
                text.Append(node.Form == TreePictureForm.Answer
                    ? $"  \"{kind} {i}\" [label=\"{Escaped(TreeRows.Answer(node.Rules, full))}\", {(isDenied ? "shape=octagon, color=\"#b3261e\"" : "style=rounded, color=\"#146c2e\"")}];\n"
                    : $"  \"{kind} {i}\" [label=\"{(node.Form == TreePictureForm.Fork ? "all of" : node.Form == TreePictureForm.Test ? "" : "the first of")}\", shape=circle];\n");
                foreach (TreePictureEdge edge in node.Edges)
                    text.Append($"  \"{kind} {i}\" -> \"{kind} {edge.Node}\" [label=\"{Escaped(TreeRows.Label(edge, full))}\"];\n");
            }
        }
        return text.Append("}\n").ToString();
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
