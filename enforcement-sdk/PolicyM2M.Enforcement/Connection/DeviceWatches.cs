using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Watches the devices behind a gateway that are asked about, so that a device whose standing is taken back does not go on by what is kept. Only so many: the others hear of a change when what
/// is kept of them is next asked for. Mutable; one lock guards it: safe for all threads.
/// </summary>
/// <param name="start">Begins to watch a device.</param>
internal sealed class DeviceWatches(Func<string, RevisionWatch> start) : IAsyncDisposable
{
    /// <summary>A decision point takes a hundred streams of one identity, and twenty thousand of all.</summary>
    public const int Most = 32;

    /// <summary>A device that was asked about since keeps its watch, so that a gateway with more devices than watches does not begin and end one at each question.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DeviceSlot Slot, RevisionWatch Watch)> _watched = new(StringComparer.Ordinal);
    private readonly List<RevisionWatch> _ending = [];
    private bool _isDisposed;

    /// <summary>A device was asked about.</summary>
    /// <param name="slot">The device.</param>
    /// <param name="now">The time.</param>
    public void Use(DeviceSlot slot, DateTimeOffset now)
    {
        string device = slot.Facts.Device;
        lock (_lock)
        {
            if (_isDisposed || (_watched.TryGetValue(device, out (DeviceSlot Slot, RevisionWatch Watch) known) && known.Slot == slot && !known.Watch.HasEnded))
                return;
            Leave(device);
            if (_watched.Count >= Most && !LeavesOne(now))
                return;
            _watched[device] = (slot, start(device));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (string device in _watched.Keys.ToArray())
                Leave(device);
        }
        foreach (RevisionWatch watch in _ending)
            await watch.DisposeAsync().ConfigureAwait(false);
    }

    private bool LeavesOne(DateTimeOffset now)
    {
        (string device, (DeviceSlot slot, RevisionWatch watch)) = _watched.MinBy(known => known.Value.Watch.HasEnded ? long.MinValue : known.Value.Slot.UsedAt);
        if (!watch.HasEnded && now.UtcTicks - slot.UsedAt < InUse.Ticks)
            return false;
        Leave(device);
        return true;
    }

    private void Leave(string device)
    {
        if (!_watched.Remove(device, out (DeviceSlot Slot, RevisionWatch Watch) known))
            return;
        known.Watch.End();
        _ending.RemoveAll(watch => watch.HasEnded);
        _ending.Add(known.Watch);
    }
}

/// <summary>What the watch of one device behind a gateway tells.</summary>
/// <param name="told">Told what is served to the device, and when the watch was begun.</param>
/// <param name="refused">Told that the decision point does not speak about the device.</param>
internal sealed class DeviceListener(Func<Endpoint, V1.WatchResponse, long, CallOptions, Task> told, Action<Exception> refused) : IWatchListener
{
    public Task OpenAsync(Endpoint endpoint, CallOptions options) => Task.CompletedTask;

    public Task ToldAsync(Endpoint endpoint, V1.WatchResponse response, bool isFirst, long since, CallOptions options) => told(endpoint, response, since, options);

    /// <summary>Outages the client's own watch tells.</summary>
    public bool Broke(Endpoint endpoint, Exception failure, bool wasOpen)
    {
        if (!CallFailure.IsUnwelcome(failure))
            return true;
        refused(failure);
        return false;
    }
}
