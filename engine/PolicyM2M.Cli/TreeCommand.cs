using System.Collections.Immutable;
using System.Text;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m tree</c>: draws the decision trees of a policy set.</summary>
internal static class TreeCommand
{
    /// <summary>What to draw, and how.</summary>
    /// <param name="Kinds">Whose trees.</param>
    /// <param name="Depth">How many levels of them.</param>
    /// <param name="Svg">The file for a picture; null for none.</param>
    /// <param name="Dot">Whether to write the graph for Graphviz.</param>
    /// <param name="Full">Whether long lists are written whole.</param>
    /// <param name="Json">Whether to write JSON.</param>
    internal sealed record Options(ImmutableArray<DecisionKind> Kinds, int Depth, string? Svg, bool Dot, bool Full, bool Json);

    public static int Run(string policies, Options options, Streams streams)
    {
        OutputFile? svg = options.Svg is null ? null : new OutputFile(options.Svg);
        svg?.Demand(isText: true, options.Json);
        if (LoadedPolicies.Load(policies, options.Json, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;
        TreePicture[] pictures = [.. options.Kinds.Select(kind => TreePicture.Of(loaded.Decider.Bundle, kind))];
        if (options.Json)
            streams.Answers.Write(TreeJson.Of(loaded.Decider.Bundle, pictures) + "\n");
        else if (options.Dot)
            streams.Answers.Write(TreeDot.Of(pictures, options.Full));
        else if (svg is not null)
        {
            svg.Write(Encoding.UTF8.GetBytes(TreeSvg.Of(loaded.Decider.Bundle.Name, pictures, options.Depth, options.Full)), streams);
            if (!svg.IsStandardOutput)
                streams.Answers.Write($"{streams.AnswerColours.Good("drawn")}: {svg.Path}\n");
        }
        else
        {
            foreach (TreePicture picture in pictures)
                WriteText(streams.Answers, streams.AnswerColours, picture, options);
        }
        return ExitCode.Ok;
    }

    /// <summary>Such as <c>auth: 214 nodes, of which 96 are answers</c>.</summary>
    public static string Title(TreePicture picture)
    {
        int answers = picture.Nodes.Count(node => node.Form == TreePictureForm.Answer);
        return $"{picture.Kind.Name()}: {DiagnosticReport.Count(picture.Nodes.Length - answers, "node")} and {DiagnosticReport.Count(answers, "answer")}";
    }

    private static void WriteText(TextWriter writer, Palette palette, TreePicture picture, Options options)
    {
        writer.Write($"{palette.Strong(Title(picture))}\n");
        // Whether the parent at each depth has more to come, and so its line goes on.
        var open = new List<bool>();
        foreach (TreeRow row in TreeRows.Of(picture, options.Depth, options.Full))
        {
            if (row.Depth > 0)
            {
                open.RemoveRange(row.Depth - 1, open.Count - (row.Depth - 1));
                writer.Write(palette.Faint(string.Concat(open.Select(goesOn => goesOn ? "│  " : "   ")) + (row.IsLast ? "└─ " : "├─ ")));
                open.Add(!row.IsLast);
            }
            else
                open.Clear();
            string text = row.IsDenied == true ? palette.Bad(row.Text) : row.IsDenied == false ? palette.Good(row.Text) : palette.Faint(row.Text);
            string name = row.Name is null ? "" : $"{(row.Label.Length > 0 ? " " : "")}{palette.Warn(row.Name)}";
            string answer = row.Text.Length == 0 ? "" : row.Label.Length > 0 || row.Name is not null ? $" → {text}" : text;
            writer.Write($"{row.Label}{name}{answer}\n");
        }
        writer.Write('\n');
    }
}
