using System.Text.Json;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>The report of a run of policy tests as one JSON object.</summary>
internal static class TestJson
{
    public static string Of(PolicyTestRun run) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("passed", run.HasPassed);
        writer.WriteString("bundle", run.Bundle?.Hash);
        CheckCommand.WriteDiagnostics(writer, run.Diagnostics);
        writer.WriteStartArray("cases");
        foreach (CaseResult result in run.Cases)
        {
            writer.WriteStartObject();
            writer.WriteString("name", result.Name);
            WritePlace(writer, result.Source);
            writer.WriteBoolean("passed", result.HasPassed);
            writer.WriteStartArray("failures");
            foreach (CaseFailure failure in result.Failures)
            {
                writer.WriteStartObject();
                writer.WriteString("expected", failure.Expected);
                WriteDecision(writer, failure.Decided);
                Json.WriteTexts(writer, "missing", failure.Gaps.Missing);
                Json.WriteTexts(writer, "silent", failure.Gaps.Silent);
                Json.WriteTexts(writer, "unknown-ages", failure.Gaps.UnknownAges);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("snapshots");
        foreach (SnapshotResult snapshot in run.Snapshots)
        {
            writer.WriteStartObject();
            writer.WriteString("file", snapshot.File);
            writer.WriteBoolean("passed", snapshot.IsSame);
            writer.WriteBoolean("new", snapshot.Accepted is null);
            Json.WriteTexts(writer, "difference", snapshot.IsSame ? [] : LineDifference.Of(snapshot.Accepted ?? "", snapshot.Actual));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("invariants");
        foreach (InvariantResult invariant in run.Invariants)
        {
            writer.WriteStartObject();
            writer.WriteString("text", invariant.Text);
            writer.WriteString("kind", invariant.Kind.Name());
            WritePlace(writer, invariant.Source);
            writer.WriteString("state", invariant.Checked == 0 ? "not checked" : invariant.Broken.IsEmpty ? "not yet proven" : "broken");
            writer.WriteNumber("checked", invariant.Checked);
            writer.WriteStartArray("broken");
            foreach ((string context, string fields, Decision decided) in invariant.Broken)
            {
                writer.WriteStartObject();
                writer.WriteString("context", context);
                writer.WriteString("fields", fields);
                WriteDecision(writer, decided);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartObject("self-test");
        writer.WriteNumber("witnesses", run.SelfTest.Witnesses);
        Json.WriteTexts(writer, "faults", run.SelfTest.Faults.Select(fault => $"{fault.Source}: {fault.Message}"));
        writer.WriteEndObject();
        if (run.Coverage is { } coverage)
        {
            writer.WriteStartObject("coverage");
            writer.WriteNumber("rules", coverage.Total);
            writer.WriteNumber("reached", coverage.Reached);
            writer.WriteStartArray("not-reached");
            foreach (Rule rule in coverage.NotReached)
            {
                writer.WriteStartObject();
                writer.WriteString("policy", rule.Policy);
                writer.WriteString("rule", rule.Label);
                WritePlace(writer, rule.Source);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    });

    private static void WriteDecision(Utf8JsonWriter writer, Decision decision)
    {
        writer.WriteString("kind", decision.Kind.Name());
        OutcomeJson.Write(writer, "outcome", decision.Outcome);
        Json.WriteTexts(writer, "rules", decision.Rules.Select(rule => rule.ToString()));
    }

    private static void WritePlace(Utf8JsonWriter writer, SourcePosition place)
    {
        writer.WriteString("file", place.File);
        writer.WriteNumber("line", place.Line);
    }
}
