using System.CommandLine;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Compile(Streams streams)
    {
        Argument<string> folder = Folder();
        Option<string> output = new("--output", "-o") { HelpName = "FILE", Required = true, Description = "The file to write; one that is there is replaced, all at once. - is standard output." };
        Option<bool> json = new("--json") { Description = "Write JSON: what was written, or the faults of the set." };
        var compile = new Command("compile", "Compiles a policy set to a bundle. The same sources give the same bytes.") { folder, output, json };
        compile.SetAction(parsed => CompileCommand.Run(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(output), parsed.GetValue(json), streams));
        return HelpWithExamples.On(compile, """
            Examples:
              m2m compile policies -o policies.m2mb
              m2m decide policies.m2mb --context plc.json
            """ + "\n\n" + ExitCodes);
    }

    private static Command Bench(Streams streams)
    {
        Argument<string> policies = FolderOrBundle();
        Option<string> contexts = new("--contexts") { HelpName = "FILE", Required = true, Description = "A file with a context on each line, which are decided in turn; - is standard input." };
        Option<string[]> kind = Kind("What to decide; every kind that a rule speaks of unless given. May be given more than once.");
        Option<DateTimeOffset?> now = Now();
        Option<bool> json = new("--json") { Description = "Write JSON." };
        var bench = new Command("bench", "Measures what a decision costs, on one thread.") { policies, contexts, kind, now, json };
        bench.SetAction(parsed => BenchCommand.Run(
            parsed.GetRequiredValue(policies), parsed.GetRequiredValue(contexts), [.. DecisionKinds.All.Where(known => parsed.GetValue(kind)?.Contains(known.Name()) == true)],
            Moment(parsed.GetValue(now)), parsed.GetValue(json), streams));
        return HelpWithExamples.On(bench, """
            Examples:
              m2m bench policies --contexts fleet.jsonl
              m2m bench policies.m2mb --contexts fleet.jsonl --json | jq .nanosecondsPerDecision

            Times are medians over batches. From plain values: each test reads the value that it needs. Prepared: the context was read once
            for these policies, as for a device that asks again.
            """ + "\n\n" + ExitCodes);
    }
}
