using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Test(Streams streams)
    {
        Argument<string> folder = Folder();
        Option<string?> filter = new("--filter") { HelpName = "TEXT", Description = "Only the cases and snapshots whose file or name holds this text, in any case." };
        Option<bool> json = new("--json") { Description = "Write the report as JSON." };
        Option<string?> junit = new("--junit") { HelpName = "FILE", Description = "Write a JUnit report too, for continuous integration; - is standard output." };
        Option<bool> coverage = new("--coverage") { Description = "List the cases and rules that no test reaches." };
        Option<bool> accept = new("--accept") { Description = "Accept the snapshots as they are now." };
        var test = new Command("test", "Runs the tests of a policy set: its files *.tests.yaml.") { folder, filter, json, junit, coverage, accept };
        test.SetAction(parsed => TestCommand.Run(parsed.GetRequiredValue(folder),
            new TestCommand.Options(parsed.GetValue(filter), parsed.GetValue(json), parsed.GetValue(junit), parsed.GetValue(coverage), parsed.GetValue(accept)), streams));
        return HelpWithExamples.On(test, """
            Examples:
              m2m test policies
              m2m test policies --filter quarantine
              m2m test policies --coverage
              m2m test policies --accept
              m2m test policies --junit report.xml --json | jq '.cases[] | select(.passed | not)'
            """ + "\n\n" + ExitCodes);
    }
}
