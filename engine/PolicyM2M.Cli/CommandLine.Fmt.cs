using System.CommandLine;
using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Fmt(Streams streams)
    {
        Argument<string[]> paths = new("PATH") { Arity = ArgumentArity.OneOrMore, Description = "Policies (*.m2m, *.m2m.yaml), or folders with policies." };
        Option<bool> check = new("--check") { Description = "Change nothing; list the policies that are not formatted." };
        Option<string?> to = new Option<string?>("--to") { HelpName = "m2m|yaml", Description = "Convert: write the policy in this spelling beside the other." }.Takes("m2m", "yaml");
        Option<bool> stdout = new("--stdout") { Description = "Write to standard output instead of to files." };
        Option<bool> json = new("--json") { Description = "With --check: write what was found as JSON." };
        var fmt = new Command("fmt", "Writes policies as everybody writes them. A policy with syntax errors is left as it is.") { paths, check, to, stdout, json };
        fmt.Validators.Add(parsed =>
        {
            if (parsed.GetValue(check) && (parsed.GetValue(to) is not null || parsed.GetValue(stdout)))
                parsed.AddError("--check goes neither with --to nor with --stdout");
            if (parsed.GetValue(json) && !parsed.GetValue(check))
                parsed.AddError("--json goes with --check only");
        });
        fmt.SetAction(parsed => FmtCommand.Run(
            parsed.GetRequiredValue(paths),
            parsed.GetValue(check) ? FmtCommand.Mode.Check : parsed.GetValue(stdout) ? FmtCommand.Mode.Print : FmtCommand.Mode.Write,
            parsed.GetValue(to) switch { "m2m" => PolicySpelling.M2M, "yaml" => PolicySpelling.Yaml, _ => null },
            parsed.GetValue(json),
            streams));
        return HelpWithExamples.On(fmt, """
            Examples:
              m2m fmt policies
              m2m fmt policies --check
              m2m fmt policies/baseline.m2m --to yaml
              m2m fmt policies/baseline.m2m --to yaml --stdout | less

            A conversion leaves the policy that it converts: list the new file in policyset.yaml in its place, and remove it.
            """ + "\n\n" + ExitCodes);
    }
}
