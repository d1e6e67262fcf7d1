using System.Globalization;
using System.Security;
using System.Text;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Cli;

/// <summary>Trees as one SVG picture: a line of text for each node, its parent to the left, so that nothing is clipped whatever the texts. It follows the reader's light or dark scheme.</summary>
internal static class TreeSvg
{
    private const int LineHeight = 22;
    private const int Indent = 26;
    private const int Margin = 20;

    /// <summary>The advance of a character of the fixed-width font at 13 px, rounded up so that texts never run out of the picture.</summary>
    private const double CharacterWidth = 8.2;

    private const string Style = """
        <style>
          svg { background: #ffffff; color: #1b1b1f }
          text { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; fill: #1b1b1f }
          .title { font-weight: bold } .line { stroke: #9a9aa5; fill: none } .deny { fill: #b3261e; font-weight: bold } .allow { fill: #146c2e } .note { fill: #6a6a75 }
          @media (prefers-color-scheme: dark) {
            svg { background: #17171a } text { fill: #e6e6ea } .line { stroke: #6d6d78 } .deny { fill: #ff8a80 } .allow { fill: #7fd99a } .note { fill: #a4a4b0 }
          }
        </style>
        """;

    public static string Of(string name, IEnumerable<TreePicture> pictures, int depth, bool full)
    {
        var body = new StringBuilder();
        double width = 0;
        int line = 0;
        foreach (TreePicture picture in pictures)
        {
            Text(TreeCommand.Title(picture), Margin, line++, "title");
            var starts = new List<int>();
            foreach (TreeRow row in TreeRows.Of(picture, depth, full))
            {
                starts.RemoveRange(row.Depth, starts.Count - row.Depth);
                starts.Add(line);
                int x = Margin + row.Depth * Indent;
                if (row.Depth > 0)
                    body.Append(CultureInfo.InvariantCulture, $"<path class=\"line\" d=\"M{x - Indent + 6} {Middle(starts[row.Depth - 1]) + 8} V{Middle(line)} H{x - 4}\"/>\n");
                string label = row.Label + (row.Name is null ? "" : $" {row.Name}");
                Text(label.Length == 0 && row.Text.Length == 0 ? "·" : label, x, line, "");
                if (row.Text.Length > 0)
                {
                    (string sign, string css) = row.IsDenied switch { true => ("✗ ", "deny"), false => ("✓ ", "allow"), _ => ("", "note") };
                    int gap = label.Length == 0 ? 0 : 8;
                    Text($"{(label.Length == 0 ? "" : "→ ")}{sign}{row.Text}", x + (int)(label.Length * CharacterWidth) + gap, line, css);
                }
                line++;
            }
            line++;
        }
        int height = line * LineHeight + Margin;
        string title = Escaped($"The decision trees of {name}");
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width + Margin:0}" height="{height}" viewBox="0 0 {width + Margin:0} {height}" role="img" aria-label="{title}">
            {Style}
            {body}</svg>

            """);

        void Text(string text, int x, int at, string css)
        {
            width = Math.Max(width, x + text.Length * CharacterWidth);
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{Middle(at) + 4}\"{(css.Length == 0 ? "" : $" class=\"{css}\"")}>{Escaped(text)}</text>\n");
        }
    }

    private static int Middle(int line) => Margin + line * LineHeight + LineHeight / 2;

    private static string Escaped(string text) => SecurityElement.Escape(string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c)));
}
