using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m decide</c>: what a policy set says of contexts.</summary>
internal static class DecideCommand
{
    /// <summary>Answers for the one context of a file.</summary>
    public static int RunOne(string folder, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool explain, bool json, Streams streams)
    {
        string text = ContextSource.ReadAll(file, streams);
        if (!DeviceContext.TryParseJson(text, out DeviceContext? context, out string? error))
            throw new CannotRunException($"{ContextSource.NameOf(file)}: {error}");
        if (Compile(folder, json, streams) is not { } decider)
            return ExitCode.InvalidPolicy;

        Answer answer = Answer.Of(decider, kinds, context, now);
        if (json)
            streams.Answers.Write(AnswerJson.Write(answer, explain, indented: true) + "\n");
        else
            AnswerText.Write(streams.Answers, streams.AnswerColours, answer, explain);
        return answer.IsDenied ? ExitCode.Denied : ExitCode.Ok;
    }

    /// <summary>
    /// Answers line by line: each line in is a context, each line out its answer or, where it is no context, an object that
    /// says so. An empty line is passed over. A bad line stops nothing, but makes the exit code 1 in the end.
    /// </summary>
    public static int RunMany(string folder, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool explain, Streams streams)
    {
        if (Compile(folder, json: false, streams) is not { } decider)
            return ExitCode.InvalidPolicy;

        int number = 0, bad = 0;
        bool denied = false;
        foreach (byte[]? line in ContextSource.ReadLines(file, streams))
        {
            number++;
            if (line is not null && line.AsSpan().TrimStart(" \t\r"u8).IsEmpty)
                continue;
            if (TryParse(line, out DeviceContext? context, out string? error))
            {
                Answer answer = Answer.Of(decider, kinds, context!, now);
                denied |= answer.IsDenied;
                streams.Answers.Write(AnswerJson.Write(answer, explain, indented: false) + "\n");
            }
            else
            {
                bad++;
                streams.Answers.Write(AnswerJson.Error(number, error!) + "\n");
            }
        }
        if (bad > 0)
        {
            // Each has its object among the answers already: one more would be the answer to no line.
            streams.Answers.Flush();
            streams.Errors.Write($"m2m: {ContextSource.NameOf(file)}: {bad} of {DiagnosticReport.Count(number, "line")} {(bad == 1 ? "is" : "are")} no context\n");
            return ExitCode.CouldNotRun;
        }
        return denied ? ExitCode.Denied : ExitCode.Ok;
    }

    private static bool TryParse(byte[]? line, out DeviceContext? context, out string? error)
    {
        context = null;
        if (line is null)
        {
            error = $"longer than {ContextSource.LongestLine} bytes";
            return false;
        }
        try
        {
            return DeviceContext.TryParseJson(Utf8.Decode(line, "the line"), out context, out error);
        }
        catch (CannotRunException notText)
        {
            error = notText.Message;
            return false;
        }
    }

    private static Decider? Compile(string folder, bool json, Streams streams)
    {
        IReadOnlyList<SourceFile> sources = PolicyFolder.Read(folder);
        Compilation compilation = PolicyCompiler.Compile(sources);
        if (compilation.Bundle is { } bundle)
            return new Decider(bundle);
        if (json)
        {
            streams.Answers.Write(CheckCommand.AsJson(compilation) + "\n");
            return null;
        }
        DiagnosticReport.Write(streams.Errors, streams.ErrorColours, compilation.Diagnostics, sources);
        streams.Errors.Write($"m2m: `{folder}` is no valid policy set: {DiagnosticReport.Summary(compilation.Diagnostics)}\n");
        return null;
    }
}
