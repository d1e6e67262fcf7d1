using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>Devices that watch, each over a connection of its own, and hear of a new revision.</summary>
internal sealed class Watchers(ServerProcess pdp, string pki, ServiceFolder folder) : IDisposable
{
    private readonly ConcurrentBag<IDisposable> _open = [];

    /// <summary>One for all: to make ten thousand would be measured too.</summary>
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public async Task<IEnumerable<TableRow>> RunAsync(int count)
    {
        // A denial is nothing that a device keeps.
        DecideRequest[] requests = [.. folder.Requests.Where(request => !request.Expected.IsDenied).Select(request => request.Request)];
        using X509Certificate2 issuer = X509Certificate2.CreateFromPemFile(Path.Combine(pki, "ca.pem"), Path.Combine(pki, "ca-key.pem"));
        X509Certificate2[] identities = [.. Enumerable.Range(0, count).Select(number => Issue(issuer, number))];
        double before = pdp.ResidentBytes;
        var watches = new AsyncServerStreamingCall<WatchResponse>[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellation) =>
            watches[i] = await BeginAsync(identities[i], requests[i % requests.Length], cancellation));
        double each = (pdp.ResidentBytes - before) / count;

        // Of another kind than what they asked for, so that each of their decisions is looked at, and holds.
        folder.CommitAnother(1, "auth { mutual required }");
        TimeSpan[] heard = await Task.WhenAll(watches.Select(HearAsync));
        double peak = (pdp.ResidentBytes - before) / count;
        return
        [
            TableRow.Told($"memory of the server for each of {count:N0} watchers, with its TLS connection and a decision",
                $"{TableRow.Number(each / 1024)} KiB (when all were told: {TableRow.Number(peak / 1024)} KiB)"),
            TableRow.Told("… from the moment that a revision is active until the last of them knows it, and that its decision holds on",
                $"{TableRow.Number(heard.Max().TotalSeconds)} s (half of them: {TableRow.Number(heard.Order().ElementAt(count / 2).TotalSeconds)} s; all in one process, on the same two cores)"),
        ];
    }

    public void Dispose()
    {
        foreach (IDisposable open in _open)
            open.Dispose();
        _key.Dispose();
    }

    private async Task<AsyncServerStreamingCall<WatchResponse>> BeginAsync(X509Certificate2 certificate, DecideRequest request, CancellationToken cancellation)
    {
        GrpcChannel channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki, certificate), DisposeHttpClient = true });
        _open.Add(channel);
        var client = new DecisionService.DecisionServiceClient(channel);
        AsyncServerStreamingCall<WatchResponse> watch = client.Watch(new WatchRequest(), cancellationToken: CancellationToken.None);
        _open.Add(watch);
        if (!await watch.ResponseStream.MoveNext(cancellation))
            throw new InvalidOperationException("a watch ended");
        await client.DecideAsync(request, cancellationToken: cancellation);
        return watch;
    }

    private static async Task<TimeSpan> HearAsync(AsyncServerStreamingCall<WatchResponse> watch)
    {
        if (!await watch.ResponseStream.MoveNext(CancellationToken.None) || watch.ResponseStream.Current is not { UnchangedDecisions.Count: 1 } news)
            throw new InvalidOperationException("a watcher was not told that its decision holds");
        return TimeProvider.System.GetUtcNow() - news.Revision.ActivatedAt.ToDateTimeOffset();
    }

    private X509Certificate2 Issue(X509Certificate2 issuer, int number)
    {
        var request = new CertificateRequest("CN=watcher", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"spiffe://dev.policym2m.example/device/watcher-{number}"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), issuer.NotBefore, issuer.NotBefore.AddDays(30), RandomNumberGenerator.GetBytes(8));
        X509Certificate2 issued = certificate.CopyWithPrivateKey(_key);
        _open.Add(issued);
        return issued;
    }
}
