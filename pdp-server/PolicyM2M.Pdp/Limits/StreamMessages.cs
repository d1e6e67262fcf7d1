using Grpc.Core;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// The messages of a stream of requests. Each is held against the table as a call is, since the stream may have outlived what its caller may do; and each counts as a call, mostly while it is answered. Beyond a
/// limit of its caller a stream is not read.
/// </summary>
internal sealed class StreamMessages<T> : IAsyncStreamReader<T>, IDisposable
{
    private readonly IAsyncStreamReader<T> _messages;
    private readonly ServerCallContext _context;
    private readonly CallAccess _access;
    private readonly CallerLoads _loads;
    private readonly CallerLoad _load;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _ending;
    private bool _isAnswered;

    /// <param name="messages">The messages.</param>
    /// <param name="context">The call.</param>
    /// <param name="access">What holds it against the table.</param>
    /// <param name="loads">What all callers have open.</param>
    /// <param name="clock">The time.</param>
    /// <param name="stopping">Ends with the server.</param>
    public StreamMessages(IAsyncStreamReader<T> messages, ServerCallContext context, CallAccess access, CallerLoads loads, TimeProvider clock, CancellationToken stopping)
    {
        (_messages, _context, _access, _loads, _clock) = (messages, context, access, loads, clock);
        _load = context.GetHttpContext().CallerConnection().Load;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
    }

    /// <summary>
    /// Whether a message holds a place among the calls until the next is read. One that says what to watch does not: what it asks for waits for the rate of its caller and for a slow reader, and costs nobody
    /// anything meanwhile.
    /// </summary>
    public required bool HoldPlaces { get; init; }

    public T Current => _messages.Current;

    /// <summary>The next message, as soon as it is there and within the limits.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED or PERMISSION_DENIED where the caller may not call this any more, UNAVAILABLE where the server ends.</exception>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        EndAnswer();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        try
        {
            if (!await _messages.MoveNext(ending.Token))
                return false;
            while ((HoldPlaces ? _loads.Begin(_load, isStream: false) : _load.Charge(1)) is not null)
                await Task.Delay(CallLimits.AfterOverload, _clock, ending.Token);
            _isAnswered = HoldPlaces;
            _access.Check(_context);
            return true;
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested && !_context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the decision point is shutting down"));
        }
    }

    /// <summary>The stream has ended, however it did.</summary>
    public void Dispose()
    {
        EndAnswer();
        _ending.Dispose();
    }

    private void EndAnswer()
    {
        if (_isAnswered)
            _loads.End(_load, isStream: false);
        _isAnswered = false;
    }
}
