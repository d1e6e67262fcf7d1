using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Tree(Streams streams)
    {
        Argument<string> folder = FolderOrBundle();
        Option<string[]> kind = Kind("Whose tree to draw; all three unless given. May be given more than once.");
        Option<int?> depth = WholeNumber.Option("--depth", "Draw so many levels, 6 unless given; what lies deeper is counted.", 1, 10_000);
        Option<string?> svg = new("--svg") { HelpName = "FILE", Description = "Write a picture; - is standard output." };
        Option<bool> dot = new("--dot") { Description = "Write the whole graph for Graphviz to standard output." };
        Option<bool> full = new("--full") { Description = "Write long lists of values and rules whole, and not only how they begin." };
        Option<bool> json = new("--json") { Description = "Write all nodes as JSON, with all that they list." };
        var tree = new Command("tree", "Draws the decision trees that a policy set is compiled to.") { folder, kind, depth, svg, dot, full, json };
        tree.Validators.Add(parsed =>
        {
            if (parsed.GetValue(svg) is not null && parsed.GetValue(dot))
                parsed.AddError("give either --svg or --dot");
            if (parsed.GetValue(json) && (parsed.GetValue(svg) is not null || parsed.GetValue(dot)))
                parsed.AddError("--json goes neither with --svg nor with --dot");
        });
        tree.SetAction(parsed => TreeCommand.Run(parsed.GetRequiredValue(folder),
            new TreeCommand.Options(Kinds(parsed.GetValue(kind) ?? []), parsed.GetValue(depth) ?? 6, parsed.GetValue(svg), parsed.GetValue(dot), parsed.GetValue(full), parsed.GetValue(json)), streams));
        return HelpWithExamples.On(tree, """
            Examples:
              m2m tree policies --kind rotation
              m2m tree policies --kind auth --depth 3
              m2m tree policies --svg trees.svg
              m2m tree policies --kind cipher-suites --dot | dot -Tpdf > tree.pdf
            """ + "\n\n" + ExitCodes);
    }
}
