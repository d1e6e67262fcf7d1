using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>A load at a rate over several connections, by threads that have no part in the thread pool.</summary>
internal sealed class PacedLoad(Uri address, string pki, int concurrency) : IDisposable
{
    private readonly PacedConnection[] _connections = [.. Enumerable.Range(0, concurrency / LoadClient.CallsOnConnection).Select(_ => new PacedConnection(address, pki))];

    /// <summary>As many calls as are answered, so many at one time.</summary>
    public Load Run(IReadOnlyList<byte[]> frames, int count) => Run(frames, count, null, LoadClient.CallsOnConnection);

    /// <summary>Calls at a rate, whether or not those before are answered, so that one that waits shows in those behind it.</summary>
    public Load RunAtRate(IReadOnlyList<byte[]> frames, double perSecond, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        return Run(frames, (int)(perSecond * time.TotalSeconds), call => start + (long)(call / perSecond * Stopwatch.Frequency), int.MaxValue);
    }

    public void Dispose()
    {
        foreach (PacedConnection connection in _connections)
            connection.Dispose();
    }

    private Load Run(IReadOnlyList<byte[]> frames, int count, Func<int, long>? due, int atOnce)
    {
        float[] latencies = new float[count];
        long start = Stopwatch.GetTimestamp();
        Task[] all = [.. _connections.Select((connection, i) => Task.Factory.StartNew(() =>
            connection.Run(frames, Enumerable.Range(0, (count - i + _connections.Length - 1) / _connections.Length).Select(n => i + n * _connections.Length), due, atOnce, latencies), TaskCreationOptions.LongRunning))];
        Task.WhenAll(all).GetAwaiter().GetResult();
        //TRACE
        if (Environment.GetEnvironmentVariable("M2M_TRACE") is { } trace)
        {
            using var writer = new StreamWriter(trace, true);
            writer.WriteLine($"phase {count} began {TimeProvider.System.GetUtcNow() - Stopwatch.GetElapsedTime(start):HH:mm:ss.fff} took {Stopwatch.GetElapsedTime(start)} gcs {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)} pause {GC.GetTotalPauseDuration().TotalMilliseconds} p50 {latencies.Order().ElementAt(count / 2)} p99 {latencies.Order().ElementAt(count * 99 / 100)}");
            int bucket = count / 150;
            for (int i = 0; i < count; i += bucket)
            {
                float[] part = [.. latencies.Skip(i).Take(bucket).Order()];
                writer.Write($"{part[part.Length / 2] / 1000:F0}/{part[^1] / 1000:F0} ");
            }
            writer.WriteLine();
        }
        //TRACE
        return new Load(latencies, Stopwatch.GetElapsedTime(start));
    }
}
