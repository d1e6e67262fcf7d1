using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>A load at the maximum among callers who err, reconnect and do not read: nobody else may notice, and nothing may grow.</summary>
internal sealed class Storm(ServerProcess pdp, string pki, ServiceFolder folder, byte[][] frames)
{
    private const int Malformed = 100;

    private long _asked, _wrong, _failed, _erred, _notRefused, _reconnected;

    public async Task<IEnumerable<TableRow>> RunAsync(TimeSpan time)
    {
        using (var warm = new LoadClient(pdp.Address, pki, 32))
            await warm.RunAsync(frames, 40_000);
        using var ending = new CancellationTokenSource(time);
        Task[] callers = [.. Enumerable.Range(0, 24).Select(i => Task.Run(() => AskAsync(i, ending.Token))), Task.Run(() => ReconnectAsync(ending.Token)), .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => DoNotReadAsync(ending.Token)))];
        var resident = new List<long>();
        while (!ending.IsCancellationRequested)
        {
            resident.Add(pdp.ResidentBytes);
            await Task.Delay(time / 20);
        }
        await Task.WhenAll(callers);
        double early = resident.Skip(resident.Count / 4).Take(resident.Count / 4).Max() / 1e6, late = resident.TakeLast(resident.Count / 4).Max() / 1e6;
        return
        [
            TableRow.AtMost($"{time.TotalSeconds:F0} s at the maximum with 1 % malformed requests, readers that do not read and reconnects: wrong answers", _wrong, 0, "", $"{_asked:N0} answers checked, {_reconnected:N0} reconnects"),
            TableRow.AtMost("… calls that failed and had no fault", _failed, 0, ""),
            TableRow.AtMost("… malformed calls that were not refused as INVALID_ARGUMENT", _notRefused, 0, "", $"{_erred:N0} sent"),
            TableRow.AtMost("… memory in the last quarter against the second", late / early, 1.1, " ×", $"{TableRow.Number(late)} MB against {TableRow.Number(early)} MB at most"),
        ];
    }

    private async Task AskAsync(int caller, CancellationToken ending)
    {
        using var channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki), DisposeHttpClient = true });
        var client = new DecisionService.DecisionServiceClient(channel);
        var trusted = TrustedKeys.Of((await client.GetSigningKeysAsync(new GetSigningKeysRequest(), cancellationToken: CancellationToken.None)).Keys);
        for (int i = caller; !ending.IsCancellationRequested; i++)
        {
            if (i % Malformed == 0)
            {
                await ErrAsync(client);
                continue;
            }
            (DecideRequest request, ExpectedAnswer expected) = folder.Requests[i % folder.Requests.Count];
            try
            {
                DecideResponse answer = await client.DecideAsync(request, cancellationToken: CancellationToken.None);
                Interlocked.Increment(ref _asked);
                // A signature costs more to check than to be handed out, so that not all are.
                if (i % 8 == 0 && !expected.IsSaidBy(trusted.Decision(answer.SignedDecisions.Single()).Outcome))
                    Interlocked.Increment(ref _wrong);
            }
            catch (RpcException)
            {
                Interlocked.Increment(ref _failed);
            }
        }
    }

    private async Task ErrAsync(DecisionService.DecisionServiceClient client)
    {
        var request = new DecideRequest { Kinds = { DecisionKind.Auth, DecisionKind.Auth }, DeviceId = new string('x', 2_000) };
        Interlocked.Increment(ref _erred);
        try
        {
            await client.DecideAsync(request, cancellationToken: CancellationToken.None);
            Interlocked.Increment(ref _notRefused);
        }
        catch (RpcException refusal)
        {
            if (refusal.StatusCode != StatusCode.InvalidArgument)
                Interlocked.Increment(ref _notRefused);
        }
    }

    private async Task ReconnectAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            using var load = new LoadClient(pdp.Address, pki, 1);
            try
            {
                await load.RunAsync(frames, 3);
                Interlocked.Increment(ref _reconnected);
            }
            catch (Exception fault) when (fault is HttpRequestException or InvalidOperationException)
            {
                Interlocked.Increment(ref _failed);
            }
        }
    }

    /// <summary>Opens a watch, and reads nothing of it.</summary>
    private async Task DoNotReadAsync(CancellationToken ending)
    {
        using var channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki), DisposeHttpClient = true });
        using AsyncServerStreamingCall<WatchResponse> watch = new DecisionService.DecisionServiceClient(channel).Watch(new WatchRequest(), cancellationToken: CancellationToken.None);
        try
        {
            await Task.Delay(Timeout.Infinite, ending);
        }
        catch (OperationCanceledException)
        {
            // The storm is over.
        }
    }
}
