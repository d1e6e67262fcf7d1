using System.Collections.Immutable;
using System.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>What a decision costs.</summary>
/// <param name="FromValues">Nanoseconds from plain values.</param>
/// <param name="Prepared">Nanoseconds of a device that asks again, its context prepared: what the clock has no part in is remembered.</param>
/// <param name="BytesFromValues">Bytes that a decision from plain values allocates.</param>
/// <param name="BytesPrepared">Bytes that a decision from a prepared context allocates.</param>
/// <param name="Batches">Over how many batches the times are medians.</param>
internal sealed record DecisionCost(double FromValues, double Prepared, double BytesFromValues, double BytesPrepared, int Batches);

/// <summary>Times decisions in batches, the two ways in turn, so that what disturbs the machine hits both.</summary>
internal static class DecisionTiming
{
    private const int Batches = 25;

    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(10);

    /// <summary>Until the runtime has compiled the code for good, which it does in the background between the spells.</summary>
    private static readonly TimeSpan WarmUpSpell = TimeSpan.FromMilliseconds(150);

    private const int WarmUpSpells = 3;

    public static DecisionCost Measure(Decider decider, ImmutableArray<DeviceContext> contexts, ImmutableArray<DecisionKind> kinds, DateTimeOffset now, Progress progress)
    {
        AttributeValue[][] values = [.. contexts.Select(context => Laid(decider, context))];
        PreparedContext[] prepared = [.. contexts.Select(decider.Prepare)];
        Action fromValues = () =>
        {
            foreach (AttributeValue[] context in values)
            {
                foreach (DecisionKind kind in kinds)
                    decider.Decide(kind, context, now);
            }
        };
        Action fromPrepared = () =>
        {
            foreach (PreparedContext context in prepared)
            {
                foreach (DecisionKind kind in kinds)
                    decider.Decide(kind, context, now);
            }
        };

        progress.Say("warming up");
        int[] repeats = [RepeatsOf(fromValues), RepeatsOf(fromPrepared)];
        var times = new List<double>[] { [], [] };
        long[] bytes = new long[2];
        for (int batch = 1; batch <= Batches; batch++)
        {
            progress.Say($"measuring, batch {batch} of {Batches}");
            Time(fromValues, 0);
            Time(fromPrepared, 1);
        }
        return new DecisionCost(Median(times[0]), Median(times[1]), BytesOf(0), BytesOf(1), Batches);

        void Time(Action run, int way)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats[way]; i++)
                run();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            bytes[way] += GC.GetAllocatedBytesForCurrentThread() - before;
            times[way].Add(elapsed.TotalNanoseconds / Decisions(way));
        }

        double BytesOf(int way) => bytes[way] / (Decisions(way) * Batches);

        double Decisions(int way) => (double)repeats[way] * contexts.Length * kinds.Length;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Warms the code up, and tells how often it runs in the time of a batch.</summary>
    private static int RepeatsOf(Action run)
    {
        long runs = 0, took = 0;
        for (int spell = 0; spell < WarmUpSpells; spell++)
        {
            long start = Stopwatch.GetTimestamp();
            for (runs = 0; runs == 0 || Stopwatch.GetElapsedTime(start) < WarmUpSpell; runs++)
                run();
            took = Stopwatch.GetTimestamp() - start;
            using var pause = new ManualResetEventSlim();
            pause.Wait(WarmUpSpell);
        }
        return (int)Math.Max(1, BatchTime.TotalSeconds * Stopwatch.Frequency * runs / took);
    }

    private static AttributeValue[] Laid(Decider decider, DeviceContext context)
    {
        var values = new AttributeValue[decider.Bundle.Attributes.Count];
        foreach ((string name, AttributeValue value) in context.Values)
        {
            // What the schema does not know counts as missing, here as everywhere.
            if (decider.Bundle.PlaceOf(name) is >= 0 and int place)
                values[place] = value;
        }
        return values;
    }
}
