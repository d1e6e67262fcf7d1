using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Cli;

/// <summary><c>m2m compile</c>: makes the bundle of a policy set, which devices and decision points load.</summary>
internal static class CompileCommand
{
    public static int Run(string folder, string file, bool json, Streams streams)
    {
        // Said before the work, which may take seconds.
        var output = new OutputFile(file);
        output.Demand(isText: false, json);
        if (LoadedPolicies.OfFolder(folder, json, streams) is not { } compiled)
            return ExitCode.InvalidPolicy;
        output.Write(compiled.Bytes.Span, streams);

        Bundle bundle = compiled.Decider.Bundle;
        if (json)
        {
            streams.Answers.Write(AsJson(file, bundle, compiled.Bytes.Length) + "\n");
            return ExitCode.Ok;
        }
        (TextWriter report, Palette colours) = output.Report(streams);
        report.Write($"{colours.Good("written")}: {(output.IsStandardOutput ? "standard output" : file)}: {bundle.Name} with {DiagnosticReport.Count(bundle.Policies.Length, "policy")} and "
            + $"{DiagnosticReport.Count(bundle.Rules.Count, "rule")}, {compiled.Bytes.Length:N0} bytes; {bundle.Registry}; bundle {bundle.Hash}\n");
        return ExitCode.Ok;
    }

    private static string AsJson(string file, Bundle bundle, int bytes) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("file", file);
        writer.WriteString("name", bundle.Name);
        writer.WriteNumber("policies", bundle.Policies.Length);
        writer.WriteNumber("rules", bundle.Rules.Count);
        writer.WriteNumber("bytes", bytes);
        writer.WriteString("bundle", bundle.Hash);
        RegistryJson.Write(writer, bundle.Registry);
        writer.WriteEndObject();
    });
}
