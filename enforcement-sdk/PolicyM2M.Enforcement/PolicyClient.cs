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
/// be reached; after that, deny. Safe for all threads: what is kept is replaced whole, under one lock, and one call is under way at a time.
/// </summary>
public sealed class PolicyClient : IAsyncDisposable
{
    /// <summary>How much running time may be forgotten in a power cut: the latest time seen is written at least this often while decisions are asked for.</summary>
    private static readonly TimeSpan LongestUnsaved = TimeSpan.FromMinutes(1);

    /// <summary>After an attempt that nobody answered, for how long others need not make their own.</summary>
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(1);

    private readonly PolicyClientOptions _options;
    private readonly X509Certificate2 _certificate;
    private readonly GrpcChannel _channel;
    private readonly V1.DecisionService.DecisionServiceClient _service;
    private readonly CacheFile _file;
    private readonly DeviceClock _clock;
    private readonly RevisionWatch _watch;
    private readonly SemaphoreSlim _asking = new(1);
    private readonly Lock _lock = new();
    private CacheContent _kept;
    private long _awayUntil;
    private int _isDisposed;

    private PolicyClient(PolicyClientOptions options)
    {
        _options = options;
        _certificate = MutualTls.Certificate(options);
        DeviceId = CertificateIdentity.Of(_certificate);
        _file = CacheFile.Of(options.CachePath, options.CacheKeyPath ?? options.KeyPath + ".cache-key", DeviceId);
        CacheContent? loaded = _file.Load(out string? discarded);
        _clock = new DeviceClock(options.Time, loaded?.LatestSeen);
        _kept = FromBefore(loaded ?? CacheContent.Empty, _clock);
        if (discarded is not null)
            Tell(new ClientEvent.CacheDiscarded(discarded));
        if (_clock.SetBackBy > TimeSpan.Zero)
            Tell(new ClientEvent.ClockSetBack(_clock.SetBackBy));
        _channel = MutualTls.Channel(options, _certificate);
        _service = new V1.DecisionService.DecisionServiceClient(_channel);
        _watch = RevisionWatch.Start(_service, options, OnRevision, Tell);
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
    /// <param name="refresh">Whether to ask even where a fresh decision is kept.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>A decision for each kind, in that order.</returns>
    public async Task<ImmutableArray<DeviceDecision>> DecideAsync(
        DeviceContext context, IReadOnlyList<DecisionKind> kinds, bool refresh = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(kinds);
        if (!refresh && Fresh(context, kinds) is { } fresh)
            return fresh;
        await _asking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // Another caller may have asked the same while this one waited.
            return (refresh ? null : Fresh(context, kinds)) ?? await AskAsync(context, kinds, isSecond: false, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Ends the connection. What is kept stays on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _watch.DisposeAsync().ConfigureAwait(false);
        _channel.Dispose();
        lock (_lock)
            Save(_kept);
        _certificate.Dispose();
    }

    private ImmutableArray<DeviceDecision>? Fresh(DeviceContext context, IReadOnlyList<DecisionKind> kinds)
    {
        DateTimeOffset now = _clock.Now;
        KeptDecision?[] kept = [.. kinds.Select(kind => _kept.Find(kind, context))];
        if (kept.Any(k => k is null || !k.IsFresh(now) || IsSuperseded(k)))
            return null;
        KeepTime(now);
        return [.. kept.Select(k => Answer(k!, DecisionSource.Cached))];
    }

    private async Task<ImmutableArray<DeviceDecision>> AskAsync(DeviceContext context, IReadOnlyList<DecisionKind> kinds, bool isSecond, CancellationToken cancellation)
    {
        if (_options.Time.GetTimestamp() < Volatile.Read(ref _awayUntil))
            return [.. kinds.Select(kind => Offline(kind, context, "it did not answer a moment ago"))];

        DeviceContext asked = Needed(context);
        var request = new V1.DecideRequest { Kinds = { kinds.Select(WireMapping.ToWire) } };
        foreach ((string name, AttributeValue value) in asked.Values)
            request.Attributes[name] = WireMapping.ToWire(value);

        DateTimeOffset askedAt = _clock.Now;
        try
        {
            V1.DecideResponse response = await _service.DecideAsync(request, deadline: _options.Time.GetUtcNow().UtcDateTime + _options.CallTimeout,
                cancellationToken: cancellation).ConfigureAwait(false);
            // The policies may have come to need what was not sent: then the answer is the strictest over all it could be, and need not be.
            if (!isSecond && response.NeededAttributes.Any(name => context.Values.ContainsKey(name) && !asked.Values.ContainsKey(name)))
            {
                OnRevision([.. response.NeededAttributes]);
                return await AskAsync(context, kinds, isSecond: true, cancellation).ConfigureAwait(false);
            }
            return Accept(response, asked, context, kinds, askedAt);
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure) && !cancellation.IsCancellationRequested)
        {
            string reason = CallFailure.Reason(failure);
            if (CallFailure.IsUnreachable(failure))
            {
                Volatile.Write(ref _awayUntil, _options.Time.GetTimestamp() + (long)(AwayFor.TotalSeconds * _options.Time.TimestampFrequency));
                Tell(new ClientEvent.Disconnected(reason));
                return [.. kinds.Select(kind => Offline(kind, context, reason))];
            }
            if (CallFailure.IsUnwelcome(failure))
                Forget(context, kinds);
            Tell(new ClientEvent.Refused(reason));
            return [.. kinds.Select(kind => DeviceDecision.Nothing(kind, $"the decision point refused: {reason}"))];
        }
    }

    private ImmutableArray<DeviceDecision> Accept(
        V1.DecideResponse response, DeviceContext asked, DeviceContext context, IReadOnlyList<DecisionKind> kinds, DateTimeOffset askedAt)
    {
        ReceivedDecision[] decisions = [.. response.Decisions.Select(WireMapping.FromWire)];
        if (!decisions.Select(decision => decision.Kind).SequenceEqual(kinds))
            throw new WireException("the answers are not to the questions that were asked");
        lock (_lock)
        {
            ImmutableSortedSet<string> needed = [.. response.NeededAttributes];
            CacheContent next = _kept with { NeededAttributes = needed };
            var answers = ImmutableArray.CreateBuilder<DeviceDecision>(decisions.Length);
            for (int i = 0; i < decisions.Length; i++)
            {
                ReceivedDecision decision = decisions[i];
                var kept = new KeptDecision(ContextKey.Of(decision.Kind, asked.Where(needed.Contains)), needed, response.Decisions[i].ToByteArray(), decision,
                    askedAt + (decision.FreshUntil - decision.IssuedAt), askedAt + (decision.UsableUntil - decision.IssuedAt));
                next = next.Without(decision.Kind, context);
                if (decision.UsableUntil > decision.IssuedAt)
                    next = next.With(kept);
                answers.Add(Answer(kept, DecisionSource.Live));
            }
            Save(next);
            return answers.MoveToImmutable();
        }
    }

    /// <summary>What holds while nobody answers.</summary>
    private DeviceDecision Offline(DecisionKind kind, DeviceContext context, string reason)
    {
        DateTimeOffset now = _clock.Now;
        KeptDecision? kept = _kept.Find(kind, context);
        KeepTime(now);
        if (kept is null)
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and nothing is kept for this context ({reason})");
        if (!kept.IsUsable(now))
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and what is kept was usable until {kept.UsableUntil:u} ({reason})");
        return Answer(kept, kept.IsFresh(now) && !IsSuperseded(kept) ? DecisionSource.Cached : DecisionSource.Stale);
    }

    private static DeviceDecision Answer(KeptDecision kept, DecisionSource source) =>
        new(kept.Decision.Outcome, source, kept.Decision, kept.FreshUntil, kept.UsableUntil);

    private DeviceContext Needed(DeviceContext context) => _kept.NeededAttributes is { } needed ? context.Where(needed.Contains) : context;

    /// <summary>Whether other policies are served by now. A commit that leaves them as they are supersedes nothing.</summary>
    private bool IsSuperseded(KeptDecision kept) => _watch.Revision is { } active && kept.Decision.Revision.BundleHash != active.BundleHash;

    private void OnRevision(ImmutableSortedSet<string> needed)
    {
        Volatile.Write(ref _awayUntil, 0);
        lock (_lock)
            _kept = _kept with { NeededAttributes = needed };
    }

    /// <summary>Forgets what was kept for a question: the decision point does not speak for it any more.</summary>
    private void Forget(DeviceContext context, IReadOnlyList<DecisionKind> kinds)
    {
        lock (_lock)
            Save(kinds.Aggregate(_kept, (kept, kind) => kept.Without(kind, context)));
    }

    /// <summary>Writes the latest time seen, where it was not for a while.</summary>
    private void KeepTime(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (now - _kept.LatestSeen >= LongestUnsaved)
                Save(_kept);
        }
    }

    /// <summary>Keeps the content in memory, and on disk where that can be done.</summary>
    private void Save(CacheContent content)
    {
        _kept = content with { LatestSeen = _clock.Now };
        try
        {
            _file.Save(_kept);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Tell(new ClientEvent.CacheNotWritten(failure.Message));
        }
    }

    /// <summary>Where the clock stands before a moment already seen, nothing kept is fresh.</summary>
    private static CacheContent FromBefore(CacheContent content, DeviceClock clock) => clock.SetBackBy == TimeSpan.Zero
        ? content
        : content with { Decisions = [.. content.Decisions.Select(kept => kept with { IsFromLaterClock = true })] };

    private void Tell(ClientEvent happened) => _options.OnEvent?.Invoke(happened);
}
