using System.Text.Json;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m check</c>: says everything that is wrong with a policy set.</summary>
internal static class CheckCommand
{
    public static int Run(string folder, bool json, Streams streams)
    {
        IReadOnlyList<SourceFile> sources = PolicyFolder.Read(folder), tests = TestFolder.Read(folder);
        // The decision point serves no set whose tests have faults.
        Compilation compilation = PolicyTester.Check(sources, tests);
        if (json)
            streams.Answers.Write(AsJson(compilation) + "\n");
        else
            WriteText(compilation, [.. sources, .. tests], streams);
        return compilation.Bundle is null ? ExitCode.InvalidPolicy : ExitCode.Ok;
    }

    private static void WriteText(Compilation compilation, IReadOnlyList<SourceFile> sources, Streams streams)
    {
        DiagnosticReport.Write(streams.Answers, streams.AnswerColours, compilation.Diagnostics, sources);
        string summary = DiagnosticReport.Summary(compilation.Diagnostics);
        foreach (Claim invariant in compilation.Invariants)
        {
            streams.Answers.Write($"{streams.AnswerColours.Warn("not yet proven")}: {Printable.Of($"\"{invariant.Text}\" ({invariant.Source})")}; "
                + "`m2m test` checks it on the contexts of the tests\n");
        }
        streams.Answers.Write(compilation.Bundle is { } bundle
            ? $"{streams.AnswerColours.Good("valid")}: {Contents(bundle)}, {summary}; bundle {bundle.Hash}\n"
            : $"{streams.AnswerColours.Bad("invalid")}: {summary}\n");
    }

    private static string Contents(Bundle bundle) =>
        $"{bundle.Name} with {DiagnosticReport.Count(bundle.Policies.Length, "policy")} and {DiagnosticReport.Count(bundle.Attributes.Count, "attribute")}";

    /// <summary>Whether a set is valid, and every diagnostic.</summary>
    public static string AsJson(Compilation compilation) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("valid", compilation.Bundle is not null);
        writer.WriteString("bundle", compilation.Bundle?.Hash);
        WriteDiagnostics(writer, compilation.Diagnostics);
        writer.WriteStartArray("invariants");
        foreach (Claim invariant in compilation.Invariants)
        {
            writer.WriteStartObject();
            writer.WriteString("text", invariant.Text);
            writer.WriteString("kind", invariant.Kind.Name());
            writer.WriteString("file", invariant.Source.File);
            writer.WriteNumber("line", invariant.Source.Line);
            writer.WriteString("state", "not yet proven");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>Every diagnostic with its place, as the property <c>diagnostics</c>.</summary>
    public static void WriteDiagnostics(Utf8JsonWriter writer, IEnumerable<Diagnostic> diagnostics)
    {
        writer.WriteStartArray("diagnostics");
        foreach (Diagnostic diagnostic in diagnostics)
        {
            writer.WriteStartObject();
            writer.WriteString("code", diagnostic.Code);
            writer.WriteString("severity", diagnostic.Severity == Severity.Error ? "error" : "warning");
            writer.WriteString("file", diagnostic.Position.File);
            writer.WriteNumber("line", diagnostic.Position.Line);
            writer.WriteNumber("column", diagnostic.Position.Column);
            writer.WriteNumber("length", diagnostic.Length);
            writer.WriteString("message", diagnostic.Message);
            writer.WriteString("help", diagnostic.Help);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
