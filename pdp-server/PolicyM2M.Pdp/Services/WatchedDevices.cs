using PolicyM2M.Pdp.Devices;

namespace PolicyM2M.Pdp.Services;

/// <summary>The devices that are watched over one call, and of which of them there may be something to tell. Mutable; belongs to the one loop that tells it.</summary>
/// <param name="watchers">Who is told of changes.</param>
internal sealed class WatchedDevices(DeviceWatchers watchers) : IDisposable
{
    /// <summary>A gateway speaks for the devices of its site.</summary>
    public const int Most = 2_000;

    private readonly Dictionary<string, (WatchedDevice Device, DeviceWatchers.Watch Watch)> _devices = new(StringComparer.Ordinal);
    private readonly ChangedDevices _changed = new();
    private readonly Queue<string> _first = new(), _round = new();
    private DeviceWatchers.Watch? _ofCaller;

    /// <summary>Completes when the registry came to say something else of one. Whoever waits takes it before it looks.</summary>
    public Task Changed => _changed.Any;

    /// <summary>Whether there are as many as there may be.</summary>
    public bool IsFull => _devices.Count >= Most;

    /// <summary>When a statement of one of them is next to be told, whatever else happens; null for never.</summary>
    public DateTimeOffset? NextStatement => _devices.Values.Min(watched => watched.Device.StatementDue);

    /// <summary>Takes note of who the caller is now: what changes of it may concern each of its devices. Its certificate may be another's than when the call began, by another roles file.</summary>
    public void Follow(string caller)
    {
        DeviceWatchers.Watch? before = _ofCaller;
        _ofCaller = before?.Of(caller) ?? watchers.Begin(caller, _changed);
        if (_ofCaller != before)
            LookAtAll();
    }

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

    /// <summary>There may be something to tell of each.</summary>
    public void LookAtAll()
    {
        _round.Clear();
        foreach (string id in _devices.Keys)
            _round.Enqueue(id);
    }

    /// <summary>There may be something to tell of each whose statement is due; whether there are any.</summary>
    public bool LookAtDue(DateTimeOffset now)
    {
        foreach ((WatchedDevice device, _) in _devices.Values.Where(watched => now >= watched.Device.StatementDue))
            _round.Enqueue(device.Id);
        return _round.Count > 0;
    }

    /// <summary>One of which there may be something to tell, which then counts as looked at; null for none. Those that have changed come before all others: a device may have been revoked.</summary>
    public WatchedDevice? Next()
    {
        // Not before those that changed earlier are looked at: so none is here twice, and there are never more than are watched.
        if (_first.Count == 0)
        {
            foreach (string id in _changed.Take())
            {
                if (id == _ofCaller?.Id)
                    LookAtAll();
                _first.Enqueue(id);
            }
        }
        while (_first.TryDequeue(out string? id) || _round.TryDequeue(out id))
        {
            if (_devices.TryGetValue(id, out (WatchedDevice Device, DeviceWatchers.Watch Watch) watched))
                return watched.Device;
        }
        return null;
    }

    public void Dispose()
    {
        _ofCaller?.Dispose();
        foreach ((_, DeviceWatchers.Watch watch) in _devices.Values)
            watch.Dispose();
    }
}
