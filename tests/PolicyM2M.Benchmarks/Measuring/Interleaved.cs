using System.Collections.Immutable;
using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>Times batches in turn, round after round, so that they share the noise of the machine. One thread.</summary>
/// <param name="Rounds">How many rounds.</param>
/// <param name="BatchTime">How long a batch is at least: it is run again and again until then, as often in every round.</param>
internal sealed record Interleaved(int Rounds, TimeSpan BatchTime)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400);

    /// <summary>The runtime recompiles hot code in the background, after a pause without new code: it must get one, and a core.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    public ImmutableArray<Figures> Measure(params Batch[] batches)
    {
        int[] repeats = [.. batches.Select(Repeats)];
        double[][] times = [.. batches.Select(_ => new double[Rounds])];
        long[] bytes = new long[batches.Length];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < batches.Length; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                times[i][round] = Run(batches[i], repeats[i]).TotalNanoseconds / ((double)repeats[i] * batches[i].Operations);
                bytes[i] += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
        return [.. batches.Select((batch, i) => new Figures(batch.Name, [.. times[i]], bytes[i] / ((double)Rounds * repeats[i] * batch.Operations)))];
    }

    /// <summary>Warms a batch up, and tells how often it fits into its time.</summary>
    private int Repeats(Batch batch)
    {
        for (int spell = 0; spell < 3; spell++)
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < WarmUp)
                Consume(batch.Run());
            using var pause = new ManualResetEventSlim();
            pause.Wait(Pause);
        }
        double single = Run(batch, 3).TotalNanoseconds / 3;
        return Math.Max(1, (int)Math.Ceiling(BatchTime.TotalNanoseconds / single));
    }

    private static TimeSpan Run(Batch batch, int repeats)
    {
        long start = Stopwatch.GetTimestamp(), sum = 0;
        for (int i = 0; i < repeats; i++)
            sum += batch.Run();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Consume(sum);
        return elapsed;
    }

    private static void Consume(long sum)
    {
        if (sum == long.MinValue)
            throw new InvalidOperationException("a checksum that no batch has");
    }
}
