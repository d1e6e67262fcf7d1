using System.Diagnostics;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>A load at a rate over several connections, by threads that have no part in the thread pool.</summary>
internal sealed class PacedLoad(Uri address, string pki, int concurrency) : IDisposable
{
    private readonly PacedConnection[] _connections = [.. Enumerable.Range(0, Math.Max(1, concurrency / LoadClient.CallsOnConnection)).Select(_ => new PacedConnection(address, pki))];

    /// <summary>As many calls as are answered, so many at one time.</summary>
    public Task<Load> RunAsync(IReadOnlyList<byte[]> frames, int count) => RunAsync(frames, count, null, LoadClient.CallsOnConnection);

    /// <summary>Calls at a rate, whether or not those before are answered, so that one that waits shows in those behind it.</summary>
    public Task<Load> RunAtRateAsync(IReadOnlyList<byte[]> frames, double perSecond, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        return RunAsync(frames, (int)(perSecond * time.TotalSeconds), call => start + (long)(call / perSecond * Stopwatch.Frequency), int.MaxValue);
    }

    public void Dispose()
    {
        foreach (PacedConnection connection in _connections)
            connection.Dispose();
    }

    private async Task<Load> RunAsync(IReadOnlyList<byte[]> frames, int count, Func<int, long>? due, int atOnce)
    {
        float[] latencies = new float[count];
        long start = Stopwatch.GetTimestamp();
        Task[] all = [.. _connections.Select((connection, i) => Task.Factory.StartNew(() =>
            connection.Run(frames, Enumerable.Range(0, (count - i + _connections.Length - 1) / _connections.Length).Select(n => i + n * _connections.Length), due, atOnce, latencies), TaskCreationOptions.LongRunning))];
        await Task.WhenAll(all);
        return new Load(latencies, Stopwatch.GetElapsedTime(start));
    }
}
