using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Enforcement.Caching;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement;

/// <summary>
/// A device's way to its decisions: asks the decision point, keeps what it may, and answers from that while the decision point cannot
/// be reached; after that, deny. Safe for all threads: what changes is in the cache and in the calls under way, each under a lock of its own.
/// </summary>
public sealed class PolicyClient : IAsyncDisposable
{
    /// <summary>After an attempt that nobody answered, for how long others need not make their own.</summary>
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(1);

    private readonly PolicyClientOptions _options;
    private readonly X509Certificate2 _certificate;
    private readonly GrpcChannel _channel;
    private readonly V1.DecisionService.DecisionServiceClient _service;
    private readonly DecisionCache _cache;
    private readonly RevisionWatch _watch;
    private readonly Outage _outage = new();
    private readonly ContextReading _reading = new();
    private readonly SharedCalls<ImmutableArray<DeviceDecision>> _calls = new();
    private long _order;
    private long _awayUntil;
    private int _isDisposed;

    private PolicyClient(PolicyClientOptions options)
    {
        _options = options;
        _certificate = MutualTls.Certificate(options);
        DeviceId = CertificateIdentity.Of(_certificate);
        _cache = DecisionCache.Open(options, DeviceId, Tell);
        _channel = MutualTls.Channel(options, _certificate);
        _service = new V1.DecisionService.DecisionServiceClient(_channel);
        _watch = RevisionWatch.Start(_service, options, OnServed, () => _cache.Outdate(Interlocked.Increment(ref _order)),
            (failure, wasConnected) => Failed(failure, Interlocked.Increment(ref _order), wasConnected), Tell);
    }

    /// <summary>The device's identity, from its certificate: its SPIFFE ID.</summary>
    public string DeviceId { get; }

    /// <summary>Prepares the connection and loads what was kept. Does not wait for the decision point: where it is away, that shows in the answers.</summary>
    /// <exception cref="IOException">A file of the options cannot be read, or the cache's folder or key cannot be made.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate or key is malformed, or carries no SPIFFE ID.</exception>
    public static PolicyClient Connect(PolicyClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PolicyClient(options);
    }

    /// <summary>Decides all three kinds.</summary>
    /// <inheritdoc cref="DecideAsync(DeviceContext, IReadOnlyList{DecisionKind}, bool, CancellationToken)"/>
    public Task<ImmutableArray<DeviceDecision>> DecideAsync(DeviceContext context, bool refresh = false, CancellationToken cancellation = default) =>
        DecideAsync(context, DecisionKinds.All, refresh, cancellation);

    /// <summary>Decides. Never throws because the decision point is away, refuses or talks nonsense: such an answer is a denial that says so.</summary>
    /// <param name="context">What the device says of itself. Only what the active policies test is sent, once the decision point has told which that is.</param>
    /// <param name="kinds">What to decide.</param>
    /// <param name="refresh">Whether to ask even where a fresh decision is kept. A call that is already under way for this question is joined.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>A decision for each kind, in that order.</returns>
    /// <exception cref="OperationCanceledException">The caller ended the wait.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed, or was while this waited.</exception>
    public async Task<ImmutableArray<DeviceDecision>> DecideAsync(
        DeviceContext context, IReadOnlyList<DecisionKind> kinds, bool refresh = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(kinds);
        if (!refresh && Fresh(context, kinds) is { } fresh)
            return fresh;
        // The whole context, and not only what is needed: what is needed may turn out to be more.
        string question = string.Join('\n', kinds.Select(kind => ContextKey.Of(kind, context)).Prepend(_cache.Served?.BundleHash ?? ""));
        return await _calls.ShareAsync(question, ending => AskAsync(context, kinds, ending), cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends the connection. What is kept stays on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _calls.DisposeAsync().ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        _channel.Dispose();
        _cache.Save();
        _certificate.Dispose();
    }

    private ImmutableArray<DeviceDecision>? Fresh(DeviceContext context, IReadOnlyList<DecisionKind> kinds)
    {
        (KeptDecision Kept, bool IsFresh)?[] found = [.. kinds.Select(kind => _cache.Find(kind, context))];
        return found.All(f => f is { IsFresh: true }) ? [.. found.Select(f => Answer(f!.Value.Kept, DecisionSource.Cached))] : null;
    }

    private async Task<ImmutableArray<DeviceDecision>> AskAsync(DeviceContext context, IReadOnlyList<DecisionKind> kinds, CancellationToken ending)
    {
        if (_options.Time.GetTimestamp() < Volatile.Read(ref _awayUntil))
            return [.. kinds.Select(kind => Offline(kind, context, "it did not answer a moment ago"))];

        DeviceContext sent = _cache.Needed(context);
        bool wasConnected = _outage.IsConnected;
        for (bool isSecond = false; ; isSecond = true)
        {
            long order = Interlocked.Increment(ref _order);
            RevisionId? served = _cache.Served;
            DateTimeOffset askedAt = _cache.Now;
            try
            {
                V1.DecideResponse response = await CallAsync(sent, kinds, ending).ConfigureAwait(false);
                ImmutableSortedSet<string> needed = response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal);
                // The policies may have come to need what was not sent: then the answer is the strictest over all it could be, and need not be.
                DeviceContext wanted = context.Where(needed.Contains);
                _outage.Answered();
                _reading.Heard(context, sent, response.Ignored);
                if (isSecond || wanted.Values.Keys.All(sent.Values.ContainsKey))
                {
                    ImmutableArray<DeviceDecision> accepted = Accept(response, needed, sent, context, kinds, askedAt, order, served);
                    if (_reading.News(context, needed) is { } news)
                        Tell(news);
                    return accepted;
                }
                (sent, wasConnected) = (wanted, true);
            }
            catch (RpcException) when (ending.IsCancellationRequested)
            {
                throw new OperationCanceledException(ending);
            }
            catch (Exception failure) when (CallFailure.IsOfTheCall(failure))
            {
                return Failed(failure, order, wasConnected, context, kinds);
            }
        }
    }

    private async Task<V1.DecideResponse> CallAsync(DeviceContext sent, IReadOnlyList<DecisionKind> kinds, CancellationToken ending)
    {
        var request = new V1.DecideRequest { Kinds = { kinds.Select(WireMapping.ToWire) } };
        // What no attribute can be counts as missing there as here, and the protocol has no words for it.
        foreach ((string name, AttributeValue value) in sent.Values.Where(claim => claim.Value.Kind != AttributeValueKind.Other))
            request.Attributes[name] = WireMapping.ToWire(value);
        // gRPC holds a deadline against the machine's own clock, whichever clock the device goes by.
        DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime + _options.CallTimeout;
        return await _service.DecideAsync(request, deadline: deadline, cancellationToken: ending).ConfigureAwait(false);
    }

    private ImmutableArray<DeviceDecision> Accept(
        V1.DecideResponse response, ImmutableSortedSet<string> needed, DeviceContext sent, DeviceContext context, IReadOnlyList<DecisionKind> kinds,
        DateTimeOffset askedAt, long order, RevisionId? servedWhenAsked)
    {
        ReceivedDecision[] decisions = [.. response.Decisions.Select(WireMapping.FromWire)];
        if (!decisions.Select(decision => decision.Kind).SequenceEqual(kinds))
            throw new WireException("the answers are not to the questions that were asked");
        if (decisions.Any(decision => decision.Revision != decisions[0].Revision))
            throw new WireException("the answers are of different revisions");
        DeviceContext answered = sent.Where(needed.Contains);
        KeptDecision[] kept = [.. decisions.Select((decision, i) => new KeptDecision(
            ContextKey.Of(decision.Kind, answered), needed, response.Decisions[i].ToByteArray(), decision,
            askedAt + (decision.FreshUntil - decision.IssuedAt), askedAt + (decision.UsableUntil - decision.IssuedAt)))];
        _cache.Keep(kept, context, needed, order, servedWhenAsked);
        return [.. kept.Select(decision => Answer(decision, DecisionSource.Live))];
    }

    private ImmutableArray<DeviceDecision> Failed(Exception failure, long order, bool wasConnected, DeviceContext context, IReadOnlyList<DecisionKind> kinds)
    {
        string reason = CallFailure.Reason(failure, _options, wasConnected);
        bool isUnreachable = CallFailure.IsUnreachable(failure);
        if (isUnreachable)
            Volatile.Write(ref _awayUntil, _options.Time.GetTimestamp() + (long)(AwayFor.TotalSeconds * _options.Time.TimestampFrequency));
        Failed(failure, order, wasConnected);
        return [.. kinds.Select(kind => isUnreachable ? Offline(kind, context, reason) : DeviceDecision.Nothing(kind, $"the decision point refused: {reason}"))];
    }

    /// <summary>What a failed call, or a broken watch, means for what is kept.</summary>
    private void Failed(Exception failure, long order, bool wasConnected)
    {
        if (CallFailure.IsUnwelcome(failure))
            _cache.Forget(order);
        string reason = CallFailure.Reason(failure, _options, wasConnected);
        if (!CallFailure.IsUnreachable(failure))
            Tell(new ClientEvent.Refused(reason));
        else if (_outage.IsNews(reason))
            Tell(new ClientEvent.Disconnected(reason, ConnectionFailure.Detail(failure)));
    }

    /// <summary>What holds while nobody answers.</summary>
    private DeviceDecision Offline(DecisionKind kind, DeviceContext context, string reason)
    {
        if (_cache.Find(kind, context) is not { } found)
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and nothing is kept for this context ({reason})");
        if (!found.Kept.IsUsable(_cache.Now))
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and what is kept was usable until {found.Kept.UsableUntil:u} ({reason})");
        return Answer(found.Kept, found.IsFresh ? DecisionSource.Cached : DecisionSource.Stale);
    }

    private static DeviceDecision Answer(KeptDecision kept, DecisionSource source) =>
        new(kept.Decision.Outcome, source, kept.Decision, kept.FreshUntil, kept.UsableUntil);

    private bool OnServed(RevisionId revision, ImmutableSortedSet<string> needed)
    {
        Volatile.Write(ref _awayUntil, 0);
        _outage.Answered();
        return _cache.Serve(revision, needed);
    }

    private void Tell(ClientEvent happened) => _options.OnEvent?.Invoke(happened);
}
