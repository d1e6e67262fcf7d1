using PolicyM2M.Pdp.Devices;

namespace PolicyM2M.Pdp.Services;

/// <summary>The devices that are watched over one call, and of which of them there may be something to tell. Mutable; belongs to the one loop that tells it.</summary>
/// <param name="watchers">Who is told of changes.</param>
/// <param name="caller">The caller: what changes of it may concern each of its devices.</param>
internal sealed class WatchedDevices(DeviceWatchers watchers, string caller) : IDisposable
{
    /// <summary>A gateway speaks for the devices of its site.</summary>
    public const int Most = 2_000;

    private readonly Dictionary<string, (WatchedDevice Device, DeviceWatchers.Watch Watch)> _devices = new(StringComparer.Ordinal);
    private readonly ChangedDevices _changed = new();
    private DeviceWatchers.Watch? _ofCaller;

    /// <summary>Completes when the registry came to say something else of one. Whoever waits takes it before it looks.</summary>
    public Task Changed
    {
        get
        {
            _ofCaller ??= watchers.Begin(caller, _changed);
            return _changed.Any;
        }
    }

    /// <summary>Whether there are as many as there may be.</summary>
    public bool IsFull => _devices.Count >= Most;

    /// <summary>When a statement of one of them is next to be told, whatever else happens; null for never.</summary>
    public DateTimeOffset? NextStatement => _devices.Values.Min(watched => watched.Device.StatementDue);

    /// <summary>Begins to watch a device; null where it is watched.</summary>
    public WatchedDevice? Add(string id)
    {
        if (_devices.ContainsKey(id))
            return null;
        var device = new WatchedDevice(id, takesStatements: true);
        _devices[id] = (device, watchers.Begin(id, _changed));
        return device;
    }

    /// <summary>Ends to watch a device, if it is watched.</summary>
    public void Remove(string id)
    {
        if (_devices.Remove(id, out (WatchedDevice Device, DeviceWatchers.Watch Watch) watched))
            watched.Watch.Dispose();
    }

    /// <summary>Those of which there may be something to tell, which then count as looked at.</summary>
    /// <param name="isOtherRevision">Whether there may be of all.</param>
    /// <param name="now">The moment.</param>
    public WatchedDevice[] Take(bool isOtherRevision, DateTimeOffset now)
    {
        IReadOnlySet<string> changed = _changed.Take();
        bool isAll = isOtherRevision || changed.Contains(caller);
        return [.. _devices.Values.Select(watched => watched.Device).Where(device => isAll || now >= device.StatementDue || changed.Contains(device.Id))];
    }

    public void Dispose()
    {
        _ofCaller?.Dispose();
        foreach ((_, DeviceWatchers.Watch watch) in _devices.Values)
            watch.Dispose();
    }
}
