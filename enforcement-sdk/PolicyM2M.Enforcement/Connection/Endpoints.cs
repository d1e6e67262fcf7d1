using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// The decision points, in order of preference, and which of them is asked. One that does not answer is left at once; one that is silent is not waited for: the next is asked besides, and who
/// answers first is believed. A preferred one is gone back to when it has answered several trials in a row. Mutable; one lock guards the choice: safe for all threads.
/// </summary>
internal sealed class Endpoints : IDisposable
{
    /// <summary>How long one may be silent before the next is asked besides. Failing over takes a second at most, of which the next needs some for its handshake.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a trial may take.</summary>
    private static readonly TimeSpan TrialTimeout = TimeSpan.FromSeconds(2);

    /// <summary>So many trials in a row must be answered before a preferred one is gone back to.</summary>
    private const int TrialsToReturn = 3;

    private readonly PolicyClientOptions _options;
    private readonly Action<ClientEvent> _tell;
    private readonly Lock _lock = new();
    private CancellationTokenSource _moved = new();
    private volatile Endpoint _current;

    /// <param name="options">Which they are.</param>
    /// <param name="certificate">This device's certificate, as it is now.</param>
    /// <param name="tell">Told where another one is asked.</param>
    public Endpoints(PolicyClientOptions options, Func<X509Certificate2> certificate, Action<ClientEvent> tell)
    {
        _options = options;
        _tell = tell;
        All = [.. options.FurtherEndpoints.Prepend(options.Endpoint).Distinct().Select(address => new Endpoint(address, () => MutualTls.Channel(options, address, certificate())))];
        _current = All[0];
    }

    public ImmutableArray<Endpoint> All { get; }

    /// <summary>The one that is asked.</summary>
    public Endpoint Current => _current;

    /// <summary>Ends when another one is asked than is now.</summary>
    public CancellationToken Moved
    {
        get
        {
            lock (_lock)
                return _moved.Token;
        }
    }

    /// <summary>Calls the decision point that is asked, and where it does not answer the others.</summary>
    /// <param name="call">Makes the call.</param>
    /// <param name="ending">Ends it.</param>
    /// <returns>Who answered, and what.</returns>
    /// <exception cref="RpcException">Nobody answered: why the first that was asked did not; or whoever answered said no.</exception>
    public async Task<(Endpoint Endpoint, T Answer)> CallAsync<T>(Func<Endpoint, CallOptions, Task<T>> call, CancellationToken ending)
    {
        Endpoint first = _current;
        Queue<Endpoint> others = new(All.Where(other => other != first).OrderBy(other => other.IsUp == false));
        using var won = CancellationTokenSource.CreateLinkedTokenSource(ending);
        List<(Endpoint Endpoint, Task<T> Task)> underWay = [(first, AttemptAsync(first, call, _options.CallTimeout, won.Token))];
        Exception? absence = null;
        try
        {
            while (underWay.Count > 0)
            {
                Task impatience = Task.Delay(others.Count > 0 ? Patience : Timeout.InfiniteTimeSpan, won.Token);
                Task ended = await Task.WhenAny([.. underWay.Select(attempt => attempt.Task), impatience]).ConfigureAwait(false);
                if (ended != impatience)
                {
                    (Endpoint endpoint, Task<T> attempt) = underWay.Find(one => one.Task == ended);
                    underWay.Remove((endpoint, attempt));
                    try
                    {
                        T answer = await attempt.ConfigureAwait(false);
                        Answered(endpoint);
                        return (endpoint, answer);
                    }
                    catch (Exception failure) when (CallFailure.IsUnreachable(failure) && !ending.IsCancellationRequested)
                    {
                        absence ??= failure;
                        endpoint.Failed();
                    }
                }
                if (others.TryDequeue(out Endpoint? next))
                    underWay.Add((next, AttemptAsync(next, call, _options.CallTimeout, won.Token)));
            }
        }
        finally
        {
            // However it ends, nobody is left asking.
            await won.CancelAsync().ConfigureAwait(false);
        }
        throw absence!;
    }

    /// <summary>
    /// Calls the decision point that is asked, and only after it has failed the next: for what takes long and is no reason to ask another one from then on. The call sets its own bounds, and costs no
    /// connection.
    /// </summary>
    /// <exception cref="RpcException">Nobody answered: why the first that was asked did not; or whoever answered said no.</exception>
    public async Task CallEachAsync(Func<Endpoint, Task> call, CancellationToken ending)
    {
        Endpoint first = _current;
        Exception? absence = null;
        foreach (Endpoint endpoint in All.OrderBy(one => one != first).ThenBy(one => one.IsUp == false))
        {
            try
            {
                await call(endpoint).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (CallFailure.IsUnreachable(failure) && !ending.IsCancellationRequested)
            {
                absence ??= failure;
            }
        }
        ExceptionDispatchInfo.Throw(absence!);
    }

    /// <summary>The one that is asked did not answer, or ended what stood: the next best is asked from now on.</summary>
    public void Failed(Endpoint endpoint)
    {
        endpoint.Failed();
        if (endpoint == _current && All.FirstOrDefault(other => other != endpoint && other.IsUp != false) is { } next)
            MoveTo(next);
    }

    /// <summary>Tries those that are preferred to the one that is asked, and goes back to the first that keeps answering.</summary>
    public async Task TryPreferredAsync(CancellationToken ending)
    {
        foreach (Endpoint preferred in All.TakeWhile(other => other != _current))
        {
            try
            {
                await AttemptAsync(
                    preferred, async (endpoint, options) => await endpoint.Service.GetSigningKeysAsync(new V1.GetSigningKeysRequest(), options).ConfigureAwait(false), TrialTimeout, ending).ConfigureAwait(false);
                preferred.Answered();
                preferred.Trials++;
            }
            catch (Exception failure) when (failure is RpcException or ObjectDisposedException)
            {
                preferred.Failed();
                preferred.Leave();
                preferred.Trials = 0;
                continue;
            }
            if (preferred.Trials < TrialsToReturn)
                continue;
            preferred.Trials = 0;
            MoveTo(preferred);
            return;
        }
    }

    public void Dispose()
    {
        foreach (Endpoint endpoint in All)
            endpoint.Dispose();
        _moved.Dispose();
    }

    /// <summary>gRPC holds a deadline against the machine's own clock, whichever clock the device goes by.</summary>
    internal static CallOptions Until(TimeSpan timeout, CancellationToken ending) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + timeout, cancellationToken: ending);

    private static async Task<T> AttemptAsync<T>(Endpoint endpoint, Func<Endpoint, CallOptions, Task<T>> call, TimeSpan timeout, CancellationToken ending)
    {
        try
        {
            return await call(endpoint, Until(timeout, ending)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ObjectDisposedException or RpcException { StatusCode: StatusCode.Unavailable } && endpoint.HasAnswered && !ending.IsCancellationRequested)
        {
            // It answered before, so the connection may have been old: closed for good (GOAWAY), or cut behind our back. A new one tells, once the channel's own first pause is over.
            endpoint.Failed();
            await Task.Delay(MutualTls.FirstPause + TimeSpan.FromMilliseconds(Random.Shared.Next(30, 90)), ending).ConfigureAwait(false);
            return await call(endpoint, Until(timeout, ending)).ConfigureAwait(false);
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.DeadlineExceeded && endpoint.HasAnswered && !ending.IsCancellationRequested)
        {
            endpoint.Leave();
            throw;
        }
    }

    /// <summary>Leaves all connections, and opens others when they are needed: by the certificate of now.</summary>
    /// <exception cref="IOException">A file of the connection cannot be read.</exception>
    /// <exception cref="CryptographicException">A file of the connection is malformed.</exception>
    public void Reconnect()
    {
        foreach (Endpoint endpoint in All)
            endpoint.Reconnect();
    }

    private void Answered(Endpoint endpoint)
    {
        endpoint.Answered();
        if (endpoint == _current)
            return;
        // Whoever was asked first and lost was silent for too long.
        _current.Failed();
        MoveTo(endpoint);
    }

    private void MoveTo(Endpoint endpoint)
    {
        Endpoint before;
        CancellationTokenSource moved;
        lock (_lock)
        {
            before = _current;
            if (before == endpoint)
                return;
            _current = endpoint;
            moved = _moved;
            _moved = new CancellationTokenSource();
        }
        moved.Cancel();
        ClientMetrics.EndpointChanged();
        _tell(new ClientEvent.EndpointChanged(before.Address, endpoint.Address));
    }
}
