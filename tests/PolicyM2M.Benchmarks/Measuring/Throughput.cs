using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>How much more two threads do than one, measured in turn.</summary>
/// <param name="Rounds">How many rounds.</param>
/// <param name="Time">How long each side runs in a round.</param>
internal sealed record Throughput(int Rounds, TimeSpan Time)
{
    /// <summary>The median over the rounds of the operations of two threads for each operation of one. Each thread gets a batch of its own, made beforehand.</summary>
    public double OfTwoThreads(Func<Batch> batch)
    {
        Batch[] both = [batch(), batch()];
        Operations(both, Time);
        return Figures.MedianOf(Enumerable.Range(0, Rounds).Select(_ => Operations(both, Time) / Operations(both[..1], Time)));
    }

    private static double Operations(Batch[] batches, TimeSpan time)
    {
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
        return done.Sum();
    }
}
