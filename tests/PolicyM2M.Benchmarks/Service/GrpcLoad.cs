using System.Diagnostics;
using Grpc.Net.Client;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>The same load by a loop of Grpc.Net.Client, as a program of a device asks: slower than <see cref="LoadClient"/>, and the server cannot tell the two apart.</summary>
internal sealed class GrpcLoad(Uri address, string pki, int concurrency) : IDisposable
{
    private readonly GrpcChannel[] _channels =
        [.. Enumerable.Range(0, concurrency / LoadClient.CallsOnConnection).Select(_ => GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki), DisposeHttpClient = true }))];

    /// <summary>Sends so many requests, and says how long each took.</summary>
    /// <param name="requests">What to send, in turn.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="Grpc.Core.RpcException">One failed.</exception>
    public async Task<Load> RunAsync(IReadOnlyList<DecideRequest> requests, int count)
    {
        float[] latencies = new float[count];
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(worker => Task.Run(async () =>
        {
            var client = new DecisionService.DecisionServiceClient(_channels[worker % _channels.Length]);
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                long sent = Stopwatch.GetTimestamp();
                await client.DecideAsync(requests[i % requests.Count]);
                latencies[i] = (float)Stopwatch.GetElapsedTime(sent).TotalMicroseconds;
            }
        })));
        return new Load(latencies, Stopwatch.GetElapsedTime(start));
    }

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
    }
}
