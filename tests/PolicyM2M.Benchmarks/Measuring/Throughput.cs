using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>How much more two threads do than one, measured in turn.</summary>
/// <param name="Rounds">How many rounds.</param>
/// <param name="Time">How long each side runs in a round.</param>
internal sealed record Throughput(int Rounds, TimeSpan Time)
{
    /// <summary>The medians over the rounds. Each thread gets a batch of its own, made beforehand.</summary>
    public Scaling OfTwoThreads(Func<Batch> batch)
    {
        Batch[] both = [batch(), batch()];
        Run(both, Time);
        var rounds = Enumerable.Range(0, Rounds).Select(_ => (Two: Run(both, Time), One: Run(both[..1], Time))).ToArray();
        return new Scaling(
            Figures.MedianOf(rounds.Select(round => round.Two.Operations / round.One.Operations)),
            Figures.MedianOf(rounds.Select(round => 2 * round.Two.Operations / round.Two.Processor.TotalSeconds / (round.One.Operations / round.One.Processor.TotalSeconds))));
    }

    private static (double Operations, TimeSpan Processor) Run(Batch[] batches, TimeSpan time)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long[] done = new long[batches.Length];
        using var start = new Barrier(batches.Length);
        Thread[] threads = [.. batches.Select((batch, i) => new Thread(() =>
        {
            start.SignalAndWait();
            long began = Stopwatch.GetTimestamp(), operations = 0;
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                batch.Run();
                operations += batch.Operations;
            }
            done[i] = operations;
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        return (done.Sum(), Environment.CpuUsage.TotalTime - before);
    }
}

/// <summary>How many times the throughput of one thread two threads have.</summary>
/// <param name="ByClock">As the clock on the wall has it: it also tells what else the machine was doing.</param>
/// <param name="ByProcessorTime">As the processor time has it that a decision took: less than 2 only where the threads hinder each other.</param>
internal readonly record struct Scaling(double ByClock, double ByProcessorTime);
