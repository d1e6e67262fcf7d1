using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>What <c>m2m bench</c> found out.</summary>
/// <param name="Bundle">The policies.</param>
/// <param name="BundleBytes">The size of their bundle.</param>
/// <param name="Contexts">How many contexts were decided in turn.</param>
/// <param name="Kinds">The kinds that were decided for each.</param>
/// <param name="Decision">What a decision costs.</param>
/// <param name="Compile">Milliseconds to compile the folder, the median; null where a bundle was given.</param>
/// <param name="Load">Milliseconds to load the bundle, the median.</param>
internal sealed record BenchReport(Bundle Bundle, int BundleBytes, int Contexts, ImmutableArray<DecisionKind> Kinds, DecisionCost Decision, double? Compile, double Load)
{
    private readonly BundleStatistics _trees = Bundle.Describe();

    public string ToText(Palette palette)
    {
        (string Name, string Value)[] lines =
        [
            ("policies", $"{Bundle.Name} with {DiagnosticReport.Count(Bundle.Policies.Length, "policy")} and {DiagnosticReport.Count(Bundle.Rules.Count, "rule")}"),
            ("asked", $"{DiagnosticReport.Count(Contexts, "context")}: {string.Join(", ", Kinds.Select(kind => kind.Name()))}"),
            ("decision", $"{Digits(Decision.FromValues)} ns from plain values, {Digits(Decision.Prepared)} ns for a device asked again, its context prepared (median of {Decision.Batches} batches)"),
            ("allocated", $"{Digits(Decision.BytesFromValues)} B for a decision from plain values, {Digits(Decision.BytesPrepared)} B asked again"),
            ("trees", $"{DiagnosticReport.Count(_trees.Nodes, "node")}, depth {_trees.Depth}, {DiagnosticReport.Count(_trees.Cases, "case")} in leaves"),
            ("bundle", $"{BundleBytes:N0} bytes, {Bundle.Hash}"),
            ("registry", $"{Bundle.Registry}"),
            ("compile", Compile is { } compile ? $"{Digits(compile)} ms" : "not measured: a bundle was given"),
            ("load", $"{Digits(Load)} ms"),
        ];
        return string.Concat(lines.Select(line => $"{palette.Strong(line.Name.PadRight(11))}{line.Value}\n"));
    }

    public string ToJson() => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", Bundle.Name);
        writer.WriteString("bundle", Bundle.Hash);
        RegistryJson.Write(writer, Bundle.Registry);
        writer.WriteNumber("policies", Bundle.Policies.Length);
        writer.WriteNumber("rules", Bundle.Rules.Count);
        writer.WriteNumber("contexts", Contexts);
        writer.WriteStartArray("kinds");
        foreach (DecisionKind kind in Kinds)
            writer.WriteStringValue(kind.Name());
        writer.WriteEndArray();
        writer.WriteNumber("batches", Decision.Batches);
        writer.WriteStartObject("nanosecondsPerDecision");
        writer.WriteNumber("fromValues", Math.Round(Decision.FromValues, 1));
        writer.WriteNumber("prepared", Math.Round(Decision.Prepared, 1));
        writer.WriteEndObject();
        writer.WriteStartObject("allocatedBytesPerDecision");
        writer.WriteNumber("fromValues", Math.Round(Decision.BytesFromValues, 1));
        writer.WriteNumber("prepared", Math.Round(Decision.BytesPrepared, 1));
        writer.WriteEndObject();
        writer.WriteNumber("nodes", _trees.Nodes);
        writer.WriteNumber("depth", _trees.Depth);
        writer.WriteNumber("casesInLeaves", _trees.Cases);
        writer.WriteNumber("bundleBytes", BundleBytes);
        if (Compile is { } compile)
            writer.WriteNumber("compileMilliseconds", Math.Round(compile, 2));
        else
            writer.WriteNull("compileMilliseconds");
        writer.WriteNumber("loadMilliseconds", Math.Round(Load, 2));
        writer.WriteEndObject();
    });

    private static string Digits(double value) => value.ToString(value < 100 ? "0.#" : "#,0", CultureInfo.InvariantCulture);
}
