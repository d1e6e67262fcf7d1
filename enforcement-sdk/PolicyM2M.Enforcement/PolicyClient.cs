using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement;

/// <summary>
/// A device's way to its decisions, or a gateway's to those of the devices behind it: asks a decision point for signed decisions, keeps what it may, and answers from that, or from the signed bundle,
/// while nobody can be reached; after that, deny. Safe for all threads: what changes is in the parts that it is made of, and each of them says how it is guarded.
/// </summary>
public sealed partial class PolicyClient : IAsyncDisposable
{
    /// <summary>After an attempt that nobody answered, for how long others need not make their own.</summary>
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(1);

    /// <summary>A part of a bundle is larger than an answer, and may take so many times as long.</summary>
    private const int PartTimeouts = 6;

    private readonly PolicyClientOptions _options;
    private volatile X509Certificate2 _certificate;
    private readonly string _name;
    private readonly DeviceClock _clock;
    private readonly DecisionMemory _memory;
    private readonly LocalAnswers _local;
    private readonly StoreWriter _store;
    private readonly Endpoints _endpoints;
    private readonly CertificateEnd _certificateEnd;
    private readonly KeyFetch _keys;
    private readonly Asking _asking;
    private readonly ToldStatements _toldStatements;
    private readonly BundleFetch _bundles;
    private readonly BundleStore _bundleStore;
    private readonly KeptStream _watch;
    private readonly DeviceWatches _devices;
    private readonly Housekeeping _housekeeping;
    private readonly Task _bundleIsRead;
    private readonly Outage _outage = new();
    private readonly BundlePause _bundlePause;
    private readonly SharedCalls<SharedAnswers> _calls = new();
    private readonly ConditionalWeakTable<DeviceContext, ClaimSet> _prepared = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _order;
    private long _awayUntil;
    private volatile string? _awayReason;
    private int _isBundleDue = 1;
    private int _isDisposed;
    private int _hasHandlerFailed;

    private PolicyClient(PolicyClientOptions options)
    {
        _options = options;
        _certificate = MutualTls.Certificate(options);
        DeviceId = CertificateIdentity.Of(_certificate);
        _name = DeviceId[(DeviceId.LastIndexOf('/') + 1)..];
        string path = Path.GetFullPath(options.CachePath);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] key = (options.CacheKey ?? new StoreKeyFile(options.CacheKeyPath ?? options.KeyPath + ".cache-key")).Read();
        var file = StoreFile.OfDecisions(path, DeviceId, key);
        MachineState machine = options.Machine;
        _bundleStore = new BundleStore(StoreFile.OfBundle(path, DeviceId, key), () => _memory!.OfSelf(machine.BootId), reason => Tell(new ClientEvent.CacheNotWritten(reason)));
        string? bundleFault = null;
        StoreContent content = file.Load(StoreFormat.Read, out string? discarded) ?? (options.Mode == DecisionMode.Ask ? null : _bundleStore.Known(out bundleFault)) ?? StoreContent.Empty;
        // Whoever is not asked any more is not believed any more, also before another one was reached.
        (content, SetAside? aside) = SetAside.Divide(content, [.. options.FurtherEndpoints.Prepend(options.Endpoint).Select(address => address.ToString())]);
        bool ranOn = machine.BootId is not null && machine.BootId == content.BootId;
        _clock = new DeviceClock(options.Time, content.LatestSeen, by => Tell(new ClientEvent.ClockSteppedForward(by)), ranOn ? null : machine.IsClockSynchronised);
        Time = new DeviceTime(_clock, options.Time);
        _memory = new DecisionMemory(content, _clock, _name, aside);
        _store = new StoreWriter(file, () => StoreFormat.Write(_memory.Content(machine.BootId)), () => _clock.Now, reason => Tell(new ClientEvent.CacheNotWritten(reason)));
        _memory.Changed += change => _store.Changed(change);
        _memory.Changed += Changed;
        _memory.Discarded += reason => Tell(new ClientEvent.CacheDiscarded(reason));
        _local = new LocalAnswers(() => _memory.Keys.Trusted, reason =>
        {
            Volatile.Write(ref _isBundleDue, 1);
            Tell(new ClientEvent.CacheDiscarded(reason));
        });
        if (discarded is not null)
            Tell(new ClientEvent.CacheDiscarded(discarded));
        if (bundleFault is not null)
            Tell(new ClientEvent.CacheDiscarded($"the bundle: {bundleFault}"));
        if (aside is not null)
            Tell(new ClientEvent.CacheSetAside([.. aside.Keys.ByEndpoint.Keys]));
        if (_clock.SetBackBy > TimeSpan.Zero)
            Tell(new ClientEvent.ClockSetBack(_clock.SetBackBy));
        if (!content.Decisions.IsEmpty && !_clock.IsKnown)
            Tell(new ClientEvent.ClockUnknown());

        _certificateEnd = new CertificateEnd(CertificateValidity.Of(_certificate, options.CertificatePath), CertificateValidity.OfAllHeld(_certificate, options.CertificatePath, options.TrustPath),
            () => _clock.Now, Tell);
        _endpoints = new Endpoints(options, () => _certificate, Tell);
        _keys = new KeyFetch(_endpoints, _memory, Tell);
        _asking = new Asking(_name, _endpoints, _memory, _clock, _keys);
        _toldStatements = new ToldStatements(_memory, _clock, Tell);
        _bundleIsRead = options.Mode == DecisionMode.Ask ? Task.CompletedTask : _local.BeginReading(() =>
        {
            HeldBundle? held = _bundleStore.Load(_memory.Keys.Trusted, keyId => _memory.Aside?.Knows(keyId) ?? false, _clock, out string? unusable);
            if (unusable is not null && unusable != bundleFault)
                Tell(new ClientEvent.CacheDiscarded($"the bundle: {unusable}"));
            return held;
        });
        _bundles = new BundleFetch(_endpoints, options.CallTimeout * PartTimeouts, _memory, _local, _clock, _keys, _memory.Self, _bundleStore, Tell);
        _bundlePause = new BundlePause(options.LongestPause);
        _housekeeping = new Housekeeping(_memory, _clock, _store, () => _outage.IsConnected,
            async (claims, kinds) => await ((Task)ShareAsync(claims, kinds, refresh: true, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing),
            _certificateEnd.Look, _endpoints.TryPreferredAsync, KeepBundleAsync,
            reason => Tell(new ClientEvent.HousekeepingFailed(reason)));
        _watch = new KeptStream(_endpoints, options, new OwnWatch(this), NextOrder);
        _devices = Watches();
        _watch.Start();
        _housekeeping.Start();
    }

    /// <summary>The device's identity, from its certificate: its SPIFFE ID.</summary>
    public string DeviceId { get; }

    /// <summary>
    /// The time as this device knows it, for whoever judges certificates or revocation lists: never before a moment already seen or signed by the decision point,
    /// also across restarts, whatever the system clock is set to.
    /// </summary>
    public TimeProvider Time { get; }

    /// <summary>
    /// Completes when what was allowed may not be any more: other policies, news of a device, a denial in the place of a permission, a refusal. For who holds
    /// something open by a decision, such as a connection. Each change has a task of its own: take it before the decision. That decisions end with time is no change.
    /// </summary>
    public Task NextChange => Volatile.Read(ref _change).Task;

    /// <summary>How it stands. Takes a look at all that is kept.</summary>
    public ClientStatus Status
    {
        get
        {
            DeviceSlot self = _memory.Self;
            DecisionIndex index = _memory.Index;
            int worst = self.LastSources.Max();
            Endpoint current = _endpoints.Current;
            return new ClientStatus(_outage.IsConnected, worst < 0 ? null : (DecisionSource)worst, self.Facts.Served?.Id,
                [.. _endpoints.All.Select(endpoint => new EndpointStatus(endpoint.Address, endpoint == current, endpoint.IsUp))], index.Count, index.Bytes,
                index.Count == 0 ? null : index.All.Min(kept => kept.FreshUntil), _local.Held is { } held ? new BundleStatus(held.Statement.Revision, held.ValidUntil) : null, _store.Writes)
            {
                CertificateUntil = _certificateEnd.Until,
            };
        }
    }

    /// <summary>Prepares the connection and loads what was kept. Does not wait for the decision point: where it is away, that shows in the answers.</summary>
    /// <exception cref="IOException">A file of the options cannot be read, or the cache's folder or key cannot be made, or others may read that key.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate or key is malformed, or carries no SPIFFE ID.</exception>
    public static PolicyClient Connect(PolicyClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PolicyClient(options);
    }

    /// <summary>Makes claims ready to be asked about again and again: what is fresh is then answered in a fraction of a microsecond.</summary>
    /// <param name="claims">What the device says of itself.</param>
    /// <param name="device">
    /// The device's id, the last segment of its SPIFFE ID; null for this one. Gateways ask about the devices of their site: of ten thousand it is known what was told; beyond these what was told of
    /// those that were not asked about for longest is forgotten.
    /// </param>
    public ClaimSet Prepare(DeviceContext claims, string? device = null)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return new ClaimSet(ClaimBounds.Of(claims), device ?? _name, _memory.Slot);
    }

    /// <summary>Decides all three kinds.</summary>
    /// <inheritdoc cref="DecideAsync(DeviceContext, IReadOnlyList{DecisionKind}, bool, CancellationToken)"/>
    public Task<ImmutableArray<DeviceDecision>> DecideAsync(DeviceContext context, bool refresh = false, CancellationToken cancellation = default) =>
        DecideAsync(context, DecisionKinds.All, refresh, cancellation);

    /// <summary>Decides for this device. Never throws because the decision point is away, refuses or talks nonsense: such an answer is a denial that says so.</summary>
    /// <param name="context">What the device says of itself. Only what the active policies test is sent, once the decision point has told which that is.</param>
    /// <param name="kinds">What to decide.</param>
    /// <param name="refresh">Whether to ask even where a fresh decision is kept. A call that is already under way for this question is joined: for the same claims, of those that the policies need.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>A decision for each kind, in that order.</returns>
    /// <exception cref="OperationCanceledException">The caller ended the wait.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed, or was while this waited.</exception>
    public Task<ImmutableArray<DeviceDecision>> DecideAsync(DeviceContext context, IReadOnlyList<DecisionKind> kinds, bool refresh = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        // A context that is asked about again is mostly the same object.
        return DecideAsync(_prepared.GetValue(context, claims => Prepare(claims)), kinds, refresh, cancellation);
    }

    /// <summary>Decides for the device of a claim set.</summary>
    /// <inheritdoc cref="DecideAsync(DeviceContext, IReadOnlyList{DecisionKind}, bool, CancellationToken)"/>
    public async Task<ImmutableArray<DeviceDecision>> DecideAsync(ClaimSet claims, IReadOnlyList<DecisionKind> kinds, bool refresh = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(kinds);
        if (!refresh && Fresh(claims, kinds) is { } fresh)
            return fresh;
        // Before the question: what changes after it is then heard.
        Use(claims.Slot, _clock.NowTicks, isFirst: true);
        ImmutableArray<DeviceDecision> answers = await ShareAsync(claims, kinds, refresh, cancellation).ConfigureAwait(false);
        InUse(claims, answers);
        return answers;
    }

    /// <summary>What is at hand about another device, signed, for who hands it on. Asks where nothing fresh is kept.</summary>
    /// <param name="device">The device's id.</param>
    /// <param name="claims">What it says of itself.</param>
    /// <param name="kinds">What to decide.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<ImmutableArray<DeviceDecision>> DecisionFor(string device, DeviceContext claims, IReadOnlyList<DecisionKind> kinds, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(device);
        return DecideAsync(Prepare(claims, device), kinds, refresh: false, cancellation);
    }

    /// <summary>Reads the certificate and its key again, after they were renewed, and connects anew by them.</summary>
    /// <exception cref="IOException">A file cannot be read; the certificate of before stays in use.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificate or key is malformed, or another device's; the certificate of before stays in use.</exception>
    public void ReloadCertificate()
    {
        X509Certificate2 next = MutualTls.Certificate(_options);
        if (CertificateIdentity.Of(next) is var identity && identity != DeviceId)
        {
            next.Dispose();
            throw new System.Security.Cryptography.CryptographicException($"the certificate is that of {identity}, and this client speaks as {DeviceId}");
        }
        // The one of before is left to the collector: a handshake may be using it.
        CertificateValidity validity = CertificateValidity.Of(next, _options.CertificatePath), held = CertificateValidity.OfAllHeld(next, _options.CertificatePath, _options.TrustPath);
        X509Certificate2 before = _certificate;
        _certificate = next;
        try
        {
            _endpoints.Reconnect();
            _certificateEnd.Use(validity, held);
        }
        catch
        {
            _certificate = before;
            throw;
        }
    }

    /// <summary>Ends the connection. What is kept stays on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _housekeeping.DisposeAsync().ConfigureAwait(false);
        await _calls.DisposeAsync().ConfigureAwait(false);
        await _bundleIsRead.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _devices.DisposeAsync().ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        _endpoints.Dispose();
        _store.Flush();
        _certificate.Dispose();
    }

    private void Changed(MemoryChange change)
    {
        if (change is MemoryChange.Doubtful or MemoryChange.TakenBack)
            Interlocked.Exchange(ref _change, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>A handler that throws must not end what told it: the watch, the housekeeping, or an answer. It hears so once, if it can.</summary>
    private void Tell(ClientEvent happened)
    {
        if (EventHandling.Tell(_options.OnEvent, happened) is { } fault && Interlocked.Exchange(ref _hasHandlerFailed, 1) == 0)
            Tell(new ClientEvent.HousekeepingFailed($"the handler of events failed: {fault.Message}"));
    }
}
