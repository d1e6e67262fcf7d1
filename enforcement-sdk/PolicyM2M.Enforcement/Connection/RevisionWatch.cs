using Grpc.Core;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>What a watch tells its client.</summary>
internal interface IWatchListener
{
    /// <summary>The stream of this decision point is about to be opened: what must be known first is fetched.</summary>
    /// <exception cref="RpcException">It did not answer.</exception>
    Task OpenAsync(Endpoint endpoint, CallOptions options);

    /// <summary>It told what is served.</summary>
    /// <param name="endpoint">Whose stream it is.</param>
    /// <param name="response">What it told.</param>
    /// <param name="isFirst">Whether it is the first on this stream.</param>
    /// <param name="since">When the stream was begun, among all calls of this client.</param>
    /// <param name="options">For what must be known to believe it.</param>
    /// <exception cref="RpcException">What must be known could not be had.</exception>
    /// <exception cref="PolicyM2M.Wire.WireException">It makes no sense.</exception>
    Task ToldAsync(Endpoint endpoint, V1.WatchResponse response, bool isFirst, long since, CallOptions options);

    /// <summary>The stream broke.</summary>
    /// <param name="endpoint">Whose it was.</param>
    /// <param name="failure">Why.</param>
    /// <param name="wasOpen">Whether it had stood.</param>
    /// <returns>Whether to begin another.</returns>
    bool Broke(Endpoint endpoint, Exception failure, bool wasOpen);
}

/// <summary>
/// Follows which revision the decision point that is asked serves, and connects again when the stream breaks, with growing pauses that differ between devices; to another one without a pause.
/// </summary>
internal sealed class RevisionWatch : IAsyncDisposable
{
    private readonly Endpoints _endpoints;
    private readonly PolicyClientOptions _options;
    private readonly IWatchListener _listener;
    private readonly Func<long> _order;
    private readonly string _deviceId;
    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;

    private RevisionWatch(Endpoints endpoints, PolicyClientOptions options, IWatchListener listener, Func<long> order, string deviceId) =>
        (_endpoints, _options, _listener, _order, _deviceId) = (endpoints, options, listener, order, deviceId);

    /// <summary>Begins to watch.</summary>
    /// <param name="endpoints">Whom to ask.</param>
    /// <param name="options">How long to wait.</param>
    /// <param name="listener">Told what is heard.</param>
    /// <param name="order">Gives the next place among all calls of this client.</param>
    /// <param name="deviceId">For which device; empty for this one.</param>
    public static RevisionWatch Start(Endpoints endpoints, PolicyClientOptions options, IWatchListener listener, Func<long> order, string deviceId = "")
    {
        var watch = new RevisionWatch(endpoints, options, listener, order, deviceId);
        long since = order();
        watch._running = Task.Run(() => watch.RunAsync(since));
        return watch;
    }

    /// <summary>Whether it has ended: it was told to, or its listener did not want another stream.</summary>
    public bool HasEnded => _running.IsCompleted;

    /// <summary>Tells it to end, and does not wait.</summary>
    public void End() => _ending.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(long since)
    {
        var backoff = new Backoff(_options.LongestPause);
        for (; !_ending.IsCancellationRequested; since = _order())
        {
            long began = _options.Time.GetTimestamp();
            // Taken before the endpoint: a move in between ends the stream at once, and not never.
            CancellationToken moved = _endpoints.Moved;
            Endpoint endpoint = _endpoints.Current;
            if (await FollowAsync(endpoint, since, moved).ConfigureAwait(false) is not { } goesOn)
                return;
            if (!goesOn && endpoint == _endpoints.Current)
                await PauseAsync(backoff.After(_options.Time.GetElapsedTime(began)), moved).ConfigureAwait(false);
        }
    }

    /// <summary>Follows one stream until it ends; tells whether another decision point is to be asked, so that there is nothing to wait for. Null where there shall be no other stream.</summary>
    private async Task<bool?> FollowAsync(Endpoint endpoint, long since, CancellationToken moved)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, moved);
        bool isFirst = true;
        try
        {
            await _listener.OpenAsync(endpoint, Soon(ending.Token)).ConfigureAwait(false);
            using AsyncServerStreamingCall<V1.WatchResponse> call = endpoint.Service.Watch(new V1.WatchRequest { DeviceId = _deviceId, Statements = true }, cancellationToken: ending.Token);
            await foreach (V1.WatchResponse response in call.ResponseStream.ReadAllAsync(ending.Token).ConfigureAwait(false))
            {
                endpoint.Answered();
                await _listener.ToldAsync(endpoint, response, isFirst, since, Soon(ending.Token)).ConfigureAwait(false);
                isFirst = false;
            }
            return _listener.Broke(endpoint, new RpcException(new Status(StatusCode.Unavailable, "the decision point ended the stream")), true) ? false : null;
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure) || failure is OperationCanceledException)
        {
            if (_ending.IsCancellationRequested || moved.IsCancellationRequested)
                return true;
            return _listener.Broke(endpoint, failure, !isFirst) ? false : null;
        }
    }

    private CallOptions Soon(CancellationToken ending) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + _options.CallTimeout, cancellationToken: ending);

    /// <summary>Waits between half of the pause and all of it, so that a fleet does not return as one.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken moved)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, moved);
        try
        {
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble() / 2), _options.Time, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client is being disposed, or another decision point is asked: the loop sees to both.
        }
    }
}
