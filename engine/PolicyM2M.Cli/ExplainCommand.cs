using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m explain</c>: why a policy set decides as it does, and what would change that.</summary>
internal static class ExplainCommand
{
    public static int Run(string policies, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool counterfactual, bool json, Streams streams)
    {
        string text = ContextSource.ReadAll(file, streams);
        if (!DeviceContext.TryParseJson(text, out DeviceContext? context, out string? error))
            throw new CannotRunException($"{ContextSource.NameOf(file)}: {error}");
        bool isBundle = File.Exists(policies);
        if (!isBundle && !Directory.Exists(policies))
            throw LoadedPolicies.NotThere(policies);
        if ((isBundle ? Explainer.OfBundle(LoadedPolicies.OfBundle(policies).Decider.Bundle) : OfFolder(policies, json, streams)) is not { } explainer)
            return ExitCode.InvalidPolicy;

        PreparedContext prepared = explainer.Prepare(context);
        ImmutableArray<Explanation> explanations = [.. kinds.Select(kind => explainer.Explain(kind, context, now, counterfactual))];
        if (json)
            streams.Answers.Write(ExplainJson.Of(explanations, prepared, explainer.Bundle, now, isBundle) + "\n");
        else
            ExplainText.Write(streams.Answers, streams.AnswerColours, explanations, prepared, explainer.Bundle, now, isBundle);
        return explanations.Any(explanation => explanation.Decision.Outcome.IsDenied) ? ExitCode.Denied : ExitCode.Ok;
    }

    private static Explainer? OfFolder(string folder, bool json, Streams streams)
    {
        IReadOnlyList<SourceFile> sources = PolicyFolder.Read(folder);
        if (Explainer.Of(sources, out ImmutableArray<Diagnostic> diagnostics) is { } explainer)
            return explainer;
        if (json)
        {
            streams.Answers.Write(CheckCommand.AsJson(new Compilation(diagnostics, null, default)) + "\n");
            return null;
        }
        DiagnosticReport.Write(streams.Errors, streams.ErrorColours, diagnostics, sources);
        streams.Errors.Write($"m2m: `{folder}` is no valid policy set: {DiagnosticReport.Summary(diagnostics)}\n");
        return null;
    }
}
