using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Follows which revision the decision point serves, and connects again when the stream breaks, with growing pauses that differ
/// between devices.
/// </summary>
internal sealed class RevisionWatch : IAsyncDisposable
{
    private readonly V1.DecisionService.DecisionServiceClient _service;
    private readonly PolicyClientOptions _options;
    private readonly Func<RevisionId, ImmutableSortedSet<string>, bool> _onServed;
    private readonly Action _onDeviceChanged;
    private readonly Action<Exception, bool> _onFailure;
    private readonly Action<ClientEvent> _tell;
    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;

    /// <summary>What the registry last said of this device, by its version; null while nobody has told. It outlives a stream: what changes meanwhile counts too.</summary>
    private ulong? _deviceVersion;

    private RevisionWatch(
        V1.DecisionService.DecisionServiceClient service, PolicyClientOptions options,
        Func<RevisionId, ImmutableSortedSet<string>, bool> onServed, Action onDeviceChanged, Action<Exception, bool> onFailure, Action<ClientEvent> tell)
    {
        _service = service;
        _options = options;
        _onServed = onServed;
        _onDeviceChanged = onDeviceChanged;
        _onFailure = onFailure;
        _tell = tell;
    }

    /// <param name="service">The decision point.</param>
    /// <param name="options">How long to pause, and by which clock.</param>
    /// <param name="onServed">Told what is served and what that needs; answers whether these are other policies than before.</param>
    /// <param name="onDeviceChanged">Told that the registry says something else of this device than before.</param>
    /// <param name="onFailure">Told why the stream broke, and whether it had stood.</param>
    /// <param name="tell">Told what happened, after that.</param>
    public static RevisionWatch Start(
        V1.DecisionService.DecisionServiceClient service, PolicyClientOptions options,
        Func<RevisionId, ImmutableSortedSet<string>, bool> onServed, Action onDeviceChanged, Action<Exception, bool> onFailure, Action<ClientEvent> tell)
    {
        var watch = new RevisionWatch(service, options, onServed, onDeviceChanged, onFailure, tell);
        watch._running = Task.Run(watch.RunAsync);
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(_options.LongestPause);
        while (!_ending.IsCancellationRequested)
        {
            long began = _options.Time.GetTimestamp();
            bool isFirst = true;
            try
            {
                using AsyncServerStreamingCall<V1.WatchResponse> call = _service.Watch(new V1.WatchRequest(), cancellationToken: _ending.Token);
                await foreach (V1.WatchResponse response in call.ResponseStream.ReadAllAsync(_ending.Token).ConfigureAwait(false))
                {
                    Follow(response, isFirst);
                    isFirst = false;
                }
                _onFailure(new RpcException(new Status(StatusCode.Unavailable, "the decision point ended the stream")), true);
            }
            catch (Exception failure) when (CallFailure.IsOfTheCall(failure) || failure is OperationCanceledException)
            {
                if (_ending.IsCancellationRequested)
                    return;
                _onFailure(failure, !isFirst);
            }
            await PauseAsync(backoff.After(_options.Time.GetElapsedTime(began))).ConfigureAwait(false);
        }
    }

    private void Follow(V1.WatchResponse response, bool isFirst)
    {
        RevisionId active = WireMapping.FromWire(response.Revision);
        bool isChanged = _onServed(active, response.NeededAttributes.ToImmutableSortedSet(StringComparer.Ordinal));
        bool isDeviceChanged = _deviceVersion is { } known && known != response.DeviceVersion;
        _deviceVersion = response.DeviceVersion;
        if (isDeviceChanged)
            _onDeviceChanged();
        if (isFirst)
            _tell(new ClientEvent.Connected(active));
        if (isChanged)
            _tell(new ClientEvent.RevisionChanged(active));
        if (isDeviceChanged)
            _tell(new ClientEvent.DeviceChanged());
    }

    /// <summary>Waits between half of the pause and all of it, so that a fleet does not return as one.</summary>
    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble() / 2), _options.Time, _ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client is being disposed; the loop's condition ends it.
        }
    }
}
