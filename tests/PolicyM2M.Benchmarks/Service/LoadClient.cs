using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>
/// Sends frames over HTTP/2 as fast as they are answered. Debian's h2load cannot show a client certificate, and a client of gRPC would use up more than the server; this reads nothing of an answer
/// but its length and its status.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    public const int CallsOnConnection = 8;

    private readonly HttpMessageInvoker[] _connections;
    private readonly Uri _rpc;

    public LoadClient(Uri address, string pki, int concurrency)
    {
        _rpc = new Uri(address, "/policym2m.v1.DecisionService/Decide");
        Concurrency = concurrency;
        _connections = [.. Enumerable.Range(0, Math.Max(1, concurrency / CallsOnConnection)).Select(_ => new HttpMessageInvoker(Handler(pki)))];
    }

    /// <summary>How many calls there are at one time.</summary>
    public int Concurrency { get; }

    /// <summary>A handler that shows the development device's certificate.</summary>
    public static SocketsHttpHandler Handler(string pki) => Handler(pki, X509Certificate2.CreateFromPemFile(Path.Combine(pki, "device.pem"), Path.Combine(pki, "device-key.pem")));

    /// <summary>A handler that shows a certificate.</summary>
    public static SocketsHttpHandler Handler(string pki, X509Certificate2 certificate)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(Path.Combine(pki, "ca.pem"));
        return new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust, LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate },
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Sends so many requests, and says how long each took, in microseconds.</summary>
    /// <param name="frames">What to send, in turn.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="InvalidOperationException">One failed.</exception>
    public async Task<Load> RunAsync(IReadOnlyList<byte[]> frames, int count)
    {
        float[] latencies = new float[count];
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(worker => Task.Run(async () =>
        {
            HttpMessageInvoker connection = _connections[worker % _connections.Length];
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                long sent = Stopwatch.GetTimestamp();
                await SendAsync(connection, frames[i % frames.Count]);
                latencies[i] = (float)Stopwatch.GetElapsedTime(sent).TotalMicroseconds;
            }
        })));
        return new Load(latencies, Stopwatch.GetElapsedTime(start));
    }

    public void Dispose()
    {
        foreach (HttpMessageInvoker connection in _connections)
            connection.Dispose();
    }

    private async Task SendAsync(HttpMessageInvoker connection, byte[] frame)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _rpc) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame) };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.Add(new("trailers"));
        using HttpResponseMessage response = await connection.SendAsync(request, CancellationToken.None);
        await response.Content.CopyToAsync(Stream.Null);
        string status = Status(response.TrailingHeaders) ?? Status(response.Headers) ?? "none";
        if (status != "0")
            throw new InvalidOperationException($"a call ended with the status {status}");
    }

    private static string? Status(System.Net.Http.Headers.HttpHeaders headers) => headers.TryGetValues("grpc-status", out IEnumerable<string>? values) ? values.Single() : null;
}

/// <summary>What a load came to.</summary>
/// <param name="Microseconds">How long each call took.</param>
/// <param name="Time">How long all of it took.</param>
internal sealed record Load(float[] Microseconds, TimeSpan Time)
{
    public double PerSecond => Microseconds.Length / Time.TotalSeconds;

    /// <summary>So long did all but this share take at most.</summary>
    public double Percentile(double share)
    {
        float[] sorted = [.. Microseconds.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}
