using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Cli;

/// <summary><c>m2m compile</c>: makes the bundle of a policy set, which devices and decision points load.</summary>
internal static class CompileCommand
{
    public static int Run(string folder, string file, Streams streams)
    {
        // Said before the work, which may take seconds.
        if (Directory.Exists(file))
            throw new CannotRunException($"{file} is a folder; expected the name of the file to write, such as {Path.Combine(file, "policies.m2mb")}");
        if (LoadedPolicies.OfFolder(folder, json: false, streams) is not { } compiled)
            return ExitCode.InvalidPolicy;
        WholeFile.WriteOutput(file, compiled.Bytes.Span);

        Bundle bundle = compiled.Decider.Bundle;
        streams.Answers.Write($"{streams.AnswerColours.Good("written")}: {file}: {bundle.Name} with {DiagnosticReport.Count(bundle.Policies.Length, "policy")} and "
            + $"{DiagnosticReport.Count(bundle.Rules.Count, "rule")}, {compiled.Bytes.Length:N0} bytes; bundle {bundle.Hash}\n");
        return ExitCode.Ok;
    }
}
