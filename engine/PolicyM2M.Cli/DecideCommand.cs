using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m decide</c>: what a policy set says of contexts.</summary>
internal static class DecideCommand
{
    /// <summary>Answers for the one context of a file.</summary>
    public static int RunOne(string policies, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool explain, bool json, Streams streams)
    {
        string text = ContextSource.ReadAll(file, streams);
        if (!DeviceContext.TryParseJson(text, out DeviceContext? context, out string? error))
            throw new CannotRunException($"{ContextSource.NameOf(file)}: {error}");
        if (LoadedPolicies.Load(policies, json, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;

        Answer answer = Answer.Of(loaded.Decider, kinds, context, now);
        if (json)
            streams.Answers.Write(AnswerJson.Write(answer, line: null, explain, indented: true) + "\n");
        else
            AnswerText.Write(streams.Answers, streams.AnswerColours, answer, explain);
        return answer.IsDenied ? ExitCode.Denied : ExitCode.Ok;
    }

    /// <summary>
    /// Answers line by line: each line in is a context, each line out its answer or, where it is no context, an object that
    /// says so. An empty line is passed over. A bad line stops nothing, but makes the exit code 1 in the end.
    /// </summary>
    public static int RunMany(string policies, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool explain, Streams streams)
    {
        if (LoadedPolicies.Load(policies, json: false, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;

        int number = 0, given = 0, bad = 0;
        bool denied = false;
        foreach (byte[]? line in ContextSource.ReadLines(file, streams))
        {
            number++;
            if (ContextSource.IsBlank(line))
                continue;
            given++;
            if (ContextSource.TryParse(line, out DeviceContext? context, out string? error))
            {
                Answer answer = Answer.Of(loaded.Decider, kinds, context, now);
                denied |= answer.IsDenied;
                streams.Answers.Write(AnswerJson.Write(answer, number, explain, indented: false) + "\n");
            }
            else
            {
                bad++;
                streams.Answers.Write(AnswerJson.Error(number, error) + "\n");
            }
        }
        if (given == 0)
            throw ContextSource.Empty(file);
        if (bad > 0)
        {
            // Each has its object among the answers already: one more would be the answer to no line.
            streams.Answers.Flush();
            streams.Errors.Write($"m2m: {ContextSource.NameOf(file)}: {bad} of {DiagnosticReport.Count(number, "line")} {(bad == 1 ? "is" : "are")} no context\n");
            return ExitCode.CouldNotRun;
        }
        return denied ? ExitCode.Denied : ExitCode.Ok;
    }
}
