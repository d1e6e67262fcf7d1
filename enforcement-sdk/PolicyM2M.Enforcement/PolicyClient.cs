using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
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
            return (refresh ? null : Fresh(context, kinds)) ?? await AskAsync(context, kinds, cancellation).ConfigureAwait(false);
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
        _asking.Dispose();
    }

    private ImmutableArray<DeviceDecision>? Fresh(DeviceContext context, IReadOnlyList<DecisionKind> kinds)
    {
        DateTimeOffset now = _clock.Now;
        DeviceContext asked = Needed(context);
        KeptDecision?[] kept = [.. kinds.Select(kind => _kept.Find(ContextKey.Of(kind, asked)))];
        if (kept.Any(k => k is null || !k.IsFresh(now) || IsSuperseded(k)))
            return null;
        return [.. kept.Select(k => Answer(k!, DecisionSource.Cached))];
    }

    private async Task<ImmutableArray<DeviceDecision>> AskAsync(DeviceContext context, IReadOnlyList<DecisionKind> kinds, CancellationToken cancellation)
    {
        DeviceContext asked = Needed(context);
        var request = new V1.DecideRequest { Kinds = { kinds.Select(WireMapping.ToWire) } };
        foreach ((string name, AttributeValue value) in asked.Values)
            request.Attributes[name] = WireMapping.ToWire(value);

        DateTimeOffset askedAt = _clock.Now;
        try
        {
            V1.DecideResponse response = await _service.DecideAsync(request, deadline: _options.Time.GetUtcNow().UtcDateTime + _options.CallTimeout,
                cancellationToken: cancellation).ConfigureAwait(false);
            return Accept(response, context, kinds, askedAt);
        }
        catch (Exception failure) when (CallFailure.IsOfTheCall(failure) && !cancellation.IsCancellationRequested)
        {
            string reason = CallFailure.Reason(failure);
            if (CallFailure.IsUnreachable(failure))
            {
                Tell(new ClientEvent.Disconnected(reason));
                return [.. kinds.Select(kind => Offline(kind, asked, reason))];
            }
            Tell(new ClientEvent.Refused(reason));
            return [.. kinds.Select(kind => DeviceDecision.Nothing(kind, $"the decision point refused: {reason}"))];
        }
    }

    private ImmutableArray<DeviceDecision> Accept(V1.DecideResponse response, DeviceContext context, IReadOnlyList<DecisionKind> kinds, DateTimeOffset askedAt)
    {
        ReceivedDecision[] decisions = [.. response.Decisions.Select(WireMapping.FromWire)];
        if (!decisions.Select(decision => decision.Kind).SequenceEqual(kinds))
            throw new WireException("the answers are not to the questions that were asked");
        lock (_lock)
        {
            CacheContent next = _kept with { NeededAttributes = [.. response.NeededAttributes] };
            DeviceContext asked = context.Where(next.NeededAttributes.Contains);
            var answers = ImmutableArray.CreateBuilder<DeviceDecision>(decisions.Length);
            for (int i = 0; i < decisions.Length; i++)
            {
                ReceivedDecision decision = decisions[i];
                var kept = new KeptDecision(ContextKey.Of(decision.Kind, asked), response.Decisions[i].ToByteArray(), decision,
                    askedAt + (decision.FreshUntil - decision.IssuedAt), askedAt + (decision.UsableUntil - decision.IssuedAt));
                next = decision.UsableUntil > decision.IssuedAt ? next.With(kept) : next.Without(kept.Key);
                answers.Add(Answer(kept, DecisionSource.Live));
            }
            Save(next);
            return answers.MoveToImmutable();
        }
    }

    /// <summary>What holds while nobody answers.</summary>
    private DeviceDecision Offline(DecisionKind kind, DeviceContext asked, string reason)
    {
        DateTimeOffset now = _clock.Now;
        KeptDecision? kept = _kept.Find(ContextKey.Of(kind, asked));
        lock (_lock)
        {
            if (now - _kept.LatestSeen >= LongestUnsaved)
                Save(_kept);
        }
        if (kept is null)
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and nothing is kept for this context ({reason})");
        if (!kept.IsUsable(now))
            return DeviceDecision.Nothing(kind, $"the decision point cannot be reached, and what is kept was usable until {kept.UsableUntil:u} ({reason})");
        return Answer(kept, kept.IsFresh(now) && !IsSuperseded(kept) ? DecisionSource.Cached : DecisionSource.Stale);
    }

    private static DeviceDecision Answer(KeptDecision kept, DecisionSource source) =>
        new(kept.Decision.Outcome, source, kept.Decision, kept.FreshUntil, kept.UsableUntil);

    private DeviceContext Needed(DeviceContext context) => _kept.NeededAttributes is { } needed ? context.Where(needed.Contains) : context;

    private bool IsSuperseded(KeptDecision kept) => _watch.Revision is { } active && kept.Decision.Revision != active;

    private void OnRevision(ImmutableSortedSet<string> needed)
    {
        lock (_lock)
            _kept = _kept with { NeededAttributes = needed };
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
        : content with { Decisions = [.. content.Decisions.Select(kept => kept with { IsFromBefore = true })] };

    private void Tell(ClientEvent happened) => _options.OnEvent?.Invoke(happened);
}
