using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Explain(Streams streams)
    {
        Argument<string> policies = FolderOrBundle();
        Option<string> context = new("--context") { HelpName = "FILE", Required = true, Description = "A file with one context, a JSON object; - is standard input." };
        Option<string[]> kind = Kind("What to explain; all three unless given. May be given more than once.");
        Option<DateTimeOffset?> now = Now();
        Option<bool> without = new("--no-counterfactual") { Description = "Do not search what would have to change for another decision." };
        Option<bool> json = new("--json") { Description = "Write JSON: one object, with all that the text says." };
        var explain = new Command("explain", "Says why a policy set decides as it does for a device, rule by rule, "
            + "and which smallest change of the context would give another decision.") { policies, context, kind, now, without, json };
        explain.SetAction(parsed => ExplainCommand.Run(
            parsed.GetRequiredValue(policies), parsed.GetRequiredValue(context), Kinds(parsed.GetValue(kind) ?? []), Moment(parsed.GetValue(now)),
            !parsed.GetValue(without), parsed.GetValue(json), streams));
        return HelpWithExamples.On(explain, """
            Examples:
              m2m explain policies --context policies/examples/plc-active.json --now 2026-11-23T12:00Z --kind auth
              m2m explain policies --context plc.json --now 2027-01-31T06:00Z --json
              m2m explain policies --context plc.json --kind rotation --json | jq '.decisions[].counterfactual.changes'
              m2m explain policies.m2mb --context plc.json

            A bundle holds no conditions: of one, the decision, its rules, its region and the smallest change are said, and not why each rule applies.
            """ + "\n\n" + ExitCodes);
    }
}
