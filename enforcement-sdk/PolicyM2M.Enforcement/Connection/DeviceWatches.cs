using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Watches the devices behind a gateway that are asked about, over one stream, so that none of them goes on by what is kept when its standing is taken back, and none asks for what can be told. Only so many: the
/// others hear of a change when what is kept of them is next asked for. Mutable; one lock guards it: safe for all threads.
/// </summary>
/// <param name="make">Makes the stream.</param>
/// <param name="order">Gives the next place among all calls of this client.</param>
/// <param name="told">Told what is served to a device, by whom, and when its watch was begun.</param>
/// <param name="failed">Told why the watch of a device ended, or, without one, that of all.</param>
internal sealed class DeviceWatches(Func<IStream, KeptStream> make, Func<long> order, Func<Endpoint, V1.WatchResponse, string, long, CancellationToken, Task> told, Action<Endpoint, string?, Exception> failed)
    : IStream, IAsyncDisposable
{
    /// <summary>A decision point takes so many over one stream.</summary>
    public const int Most = 2_000;

    private const int MostInOneMessage = 500;

    /// <summary>A device that was asked about since keeps its watch, so that a gateway with more devices than watches does not begin and end one at each question.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(1);

    /// <summary>Who finds no device to leave looks again after this: a look takes as long as there are devices.</summary>
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    /// <summary>The devices, and since when they are to be watched.</summary>
    private readonly Dictionary<string, (DeviceSlot Slot, long Since)> _devices = new(StringComparer.Ordinal);

    /// <summary>The same, as the stream that stands was told.</summary>
    private readonly Dictionary<string, long> _sent = new(StringComparer.Ordinal);

    private TaskCompletionSource _changed = NewSignal();
    private DateTimeOffset _looksAgain = DateTimeOffset.MinValue;
    private KeptStream? _stream;
    private bool _isDisposed;

    /// <summary>A device was asked about.</summary>
    /// <param name="slot">The device.</param>
    /// <param name="now">The time.</param>
    public void Use(DeviceSlot slot, DateTimeOffset now)
    {
        string device = slot.Facts.Device;
        lock (_lock)
        {
            bool isKnown = _devices.TryGetValue(device, out (DeviceSlot Slot, long Since) known);
            if (_isDisposed || (isKnown && known.Slot == slot) || (!isKnown && _devices.Count >= Most && !LeavesOne(now)))
                return;
            _devices[device] = (slot, order());
            slot.IsWatched = true;
            Signal();
            if (_stream is null)
                (_stream = make(this)).Start();
        }
    }

    /// <summary>A device was refused: what its watch tells yet may be from before that. It is watched again once it is answered for.</summary>
    /// <param name="device">The device; null for all.</param>
    public void Leave(string? device)
    {
        lock (_lock)
        {
            foreach (string left in device is null ? [.. _devices.Keys] : (string[])[device])
                Remove(left);
            Signal();
        }
    }

    /// <inheritdoc/>
    public async Task FollowAsync(Endpoint endpoint, long since, Action stands, CancellationToken ending)
    {
        lock (_lock)
        {
            _sent.Clear();
            // What has changed of a device before this stream began was told to nobody.
            foreach ((string device, (DeviceSlot slot, long before)) in _devices.ToArray())
                _devices[device] = (slot, Math.Max(before, since));
        }
        using AsyncDuplexStreamingCall<V1.WatchDevicesRequest, V1.WatchDevicesResponse> call = endpoint.Service.WatchDevices(cancellationToken: ending);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Task sending = SendAsync(call.RequestStream, ended.Token);
        try
        {
            await foreach (V1.WatchDevicesResponse response in call.ResponseStream.ReadAllAsync(ending).ConfigureAwait(false))
            {
                endpoint.Answered();
                stands();
                await TakeAsync(endpoint, response, ending).ConfigureAwait(false);
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Broke(Endpoint endpoint, Exception failure, bool stood) => failed(endpoint, null, failure);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _isDisposed = true;
        if (_stream is not null)
            await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task TakeAsync(Endpoint endpoint, V1.WatchDevicesResponse response, CancellationToken ending)
    {
        string device = response.DeviceId;
        long since;
        lock (_lock)
        {
            // What was on its way when the device was left, whether or not the stream was told so yet.
            if (!_sent.TryGetValue(device, out since) || !_devices.TryGetValue(device, out (DeviceSlot, long Since) known) || known.Since != since)
                return;
            if (response.ToldCase == V1.WatchDevicesResponse.ToldOneofCase.Fault)
            {
                _sent.Remove(device);
                Remove(device);
            }
        }
        if (response.ToldCase == V1.WatchDevicesResponse.ToldOneofCase.News)
            await told(endpoint, response.News, device, since, ending).ConfigureAwait(false);
        else
            failed(endpoint, device, new RpcException(new Status((StatusCode)(response.Fault?.Code ?? 0), response.Fault?.Message ?? "")));
    }

    /// <summary>Sends what the stream was not told yet, and then each change.</summary>
    private async Task SendAsync(IClientStreamWriter<V1.WatchDevicesRequest> stream, CancellationToken ending)
    {
        while (true)
        {
            Task changed;
            V1.WatchDevicesRequest request;
            lock (_lock)
                (changed, request) = (_changed.Task, Differences());
            if (request.Added.Count + request.Removed.Count > 0)
                await stream.WriteAsync(request, ending).ConfigureAwait(false);
            else
                await changed.WaitAsync(ending).ConfigureAwait(false);
        }
    }

    /// <summary>Some of what the stream was not told yet, which then counts as told; empty for nothing.</summary>
    private V1.WatchDevicesRequest Differences()
    {
        var request = new V1.WatchDevicesRequest();
        foreach ((string device, _) in _sent.Where(sent => !_devices.TryGetValue(sent.Key, out (DeviceSlot, long Since) known) || known.Since != sent.Value).Take(MostInOneMessage).ToArray())
        {
            request.Removed.Add(device);
            _sent.Remove(device);
        }
        foreach ((string device, (_, long since)) in _devices.Where(known => !_sent.ContainsKey(known.Key)).Take(MostInOneMessage).ToArray())
        {
            request.Added.Add(device);
            _sent[device] = since;
        }
        return request;
    }

    private bool LeavesOne(DateTimeOffset now)
    {
        if (now < _looksAgain)
            return false;
        (string device, (DeviceSlot slot, _)) = _devices.MinBy(known => known.Value.Slot.UsedAt);
        if (now.UtcTicks - slot.UsedAt < InUse.Ticks)
        {
            _looksAgain = now + NextLook;
            return false;
        }
        Remove(device);
        return true;
    }

    private void Remove(string device)
    {
        if (_devices.Remove(device, out (DeviceSlot Slot, long) left))
            left.Slot.IsWatched = false;
    }

    private void Signal()
    {
        TaskCompletionSource changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
