using Grpc.Core;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>A stream that is begun again when it breaks.</summary>
internal interface IStream
{
    /// <summary>Begins it, and follows it until it ends.</summary>
    /// <param name="endpoint">Whose it is.</param>
    /// <param name="since">When it is begun, among all calls of this client.</param>
    /// <param name="stands">To be told when something has come.</param>
    /// <param name="ending">Ends it.</param>
    /// <exception cref="RpcException">It broke.</exception>
    /// <exception cref="PolicyM2M.Wire.WireException">What came makes no sense.</exception>
    Task FollowAsync(Endpoint endpoint, long since, Action stands, CancellationToken ending);

    /// <summary>It broke.</summary>
    /// <param name="endpoint">Whose it was.</param>
    /// <param name="failure">Why.</param>
    /// <param name="stood">Whether something had come.</param>
    void Broke(Endpoint endpoint, Exception failure, bool stood);
}

/// <summary>
/// Keeps a stream to the decision point that is asked, and begins it again when it breaks, with growing pauses that differ between devices; to another one without a pause.
/// </summary>
internal sealed class KeptStream : IAsyncDisposable
{
    private readonly Endpoints _endpoints;
    private readonly PolicyClientOptions _options;
    private readonly IStream _stream;
    private readonly Func<long> _order;
    private readonly CancellationTokenSource _ending = new();
    private CancellationTokenSource _anew = new();
    private Task _running = Task.CompletedTask;

    /// <param name="endpoints">Whom to ask.</param>
    /// <param name="options">How long to wait.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="order">Gives the next place among all calls of this client.</param>
    public KeptStream(Endpoints endpoints, PolicyClientOptions options, IStream stream, Func<long> order) => (_endpoints, _options, _stream, _order) = (endpoints, options, stream, order);

    /// <summary>Begins the stream.</summary>
    public void Start()
    {
        CancellationToken anew = _anew.Token;
        long since = _order();
        _running = Task.Run(() => RunAsync(since, anew));
    }

    /// <summary>Has the stream begun anew where one stands, after a pause: what is still in it was said too early.</summary>
    public void Renew() => Interlocked.Exchange(ref _anew, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
        _anew.Dispose();
    }

    private async Task RunAsync(long since, CancellationToken anew)
    {
        var backoff = new Backoff(_options.LongestPause);
        // The token before the place, so that a stream which is not ended by it was begun after whatever it is ended for.
        for (; !_ending.IsCancellationRequested; anew = Volatile.Read(ref _anew).Token, since = _order())
        {
            long began = _options.Time.GetTimestamp();
            // Taken before the endpoint: a move in between ends the stream at once, and not never.
            CancellationToken moved = _endpoints.Moved;
            Endpoint endpoint = _endpoints.Current;
            if (!await FollowAsync(endpoint, since, moved, anew).ConfigureAwait(false) && endpoint == _endpoints.Current)
                await PauseAsync(backoff.After(_options.Time.GetElapsedTime(began)), moved).ConfigureAwait(false);
        }
    }

    /// <summary>Follows one stream until it ends; tells whether another decision point is to be asked, so that there is nothing to wait for.</summary>
    private async Task<bool> FollowAsync(Endpoint endpoint, long since, CancellationToken moved, CancellationToken anew)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, moved, anew);
        bool stood = false;
        try
        {
            await _stream.FollowAsync(endpoint, since, () => stood = true, ending.Token).ConfigureAwait(false);
            _stream.Broke(endpoint, new RpcException(new Status(StatusCode.Unavailable, "the decision point ended the stream")), true);
            return false;
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure) || failure is OperationCanceledException)
        {
            if (_ending.IsCancellationRequested || moved.IsCancellationRequested)
                return true;
            if (!anew.IsCancellationRequested)
                _stream.Broke(endpoint, failure, stood);
            return false;
        }
    }

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
