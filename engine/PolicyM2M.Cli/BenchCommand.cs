using System.Collections.Immutable;
using System.Diagnostics;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m bench</c>: what decisions, compiling and loading cost for a policy set and the contexts of a fleet.</summary>
internal static class BenchCommand
{
    private const int MostRepetitions = 15;

    /// <summary>Compiling and loading are repeated until then.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);

    public static int Run(string path, string file, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, bool json, Streams streams)
    {
        ImmutableArray<DeviceContext> contexts = ReadContexts(file, streams);
        using var progress = new Progress(streams);
        progress.Say("compiling");
        if (LoadedPolicies.Load(path, json, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;

        double? compile = loaded.Sources is { } sources ? Milliseconds(() => PolicyCompiler.Compile(sources)) : null;
        progress.Say("loading");
        double load = Milliseconds(() => Bundle.Read(loaded.Bytes));
        ImmutableArray<DecisionKind> measured = kinds.IsEmpty ? KindsOf(loaded.Decider.Bundle) : kinds;
        DecisionCost cost = DecisionTiming.Measure(loaded.Decider, contexts, measured, now, progress);
        progress.Clear();

        var report = new BenchReport(loaded.Decider.Bundle, loaded.Bytes.Length, contexts.Length, measured, cost, compile, load);
        streams.Answers.Write(json ? report.ToJson() + "\n" : report.ToText(streams.AnswerColours));
        return ExitCode.Ok;
    }

    /// <summary>Every line must be a context: figures over those that happen to be readable would say nothing.</summary>
    private static ImmutableArray<DeviceContext> ReadContexts(string file, Streams streams)
    {
        var contexts = ImmutableArray.CreateBuilder<DeviceContext>();
        int number = 0;
        foreach (byte[]? line in ContextSource.ReadLines(file, streams))
        {
            number++;
            if (ContextSource.IsBlank(line))
                continue;
            if (!ContextSource.TryParse(line, out DeviceContext? context, out string? error))
                throw new CannotRunException($"{ContextSource.NameOf(file)}, line {number}: {error}");
            contexts.Add(context);
        }
        return contexts.Count > 0 ? contexts.ToImmutable() : throw ContextSource.Empty(file);
    }

    /// <summary>A kind without rules is decided in no time, and would make the average better than what a device waits for.</summary>
    private static ImmutableArray<DecisionKind> KindsOf(Bundle bundle)
    {
        ImmutableArray<DecisionKind> spoken = [.. bundle.Rules.Select(rule => rule.Kind).Distinct().Order()];
        return spoken.IsEmpty ? [.. DecisionKinds.All] : spoken;
    }

    private static double Milliseconds<T>(Func<T> work)
    {
        var times = new List<double>();
        long start = Stopwatch.GetTimestamp();
        do
        {
            long begun = Stopwatch.GetTimestamp();
            GC.KeepAlive(work());
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        while (times.Count < MostRepetitions && Stopwatch.GetElapsedTime(start) < LongEnough);
        return DecisionTiming.Median(times);
    }
}
