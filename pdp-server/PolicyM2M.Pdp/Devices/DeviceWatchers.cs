namespace PolicyM2M.Pdp.Devices;

/// <summary>Who waits for a change of which device. A device that nobody watches any more takes no memory. Safe for all threads: one lock guards the map, and nobody waits under it.</summary>
internal sealed class DeviceWatchers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Device> _devices = new(StringComparer.Ordinal);

    /// <summary>How many devices are watched.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _devices.Count;
        }
    }

    /// <summary>Begins to watch a device.</summary>
    public Watch Begin(string id)
    {
        lock (_lock)
        {
            if (!_devices.TryGetValue(id, out Device? device))
                _devices[id] = device = new Device();
            device.Watchers++;
            return new Watch(this, id, device);
        }
    }

    /// <summary>Wakes those who watch one of these devices.</summary>
    public void Tell(IEnumerable<string> ids)
    {
        lock (_lock)
        {
            foreach (string id in ids)
                _devices.GetValueOrDefault(id)?.Tell();
        }
    }

    /// <summary>Wakes everybody who watches.</summary>
    public void TellAll()
    {
        lock (_lock)
        {
            foreach (Device device in _devices.Values)
                device.Tell();
        }
    }

    private void End(string id, Device device)
    {
        lock (_lock)
        {
            if (--device.Watchers == 0)
                _devices.Remove(id);
        }
    }

    /// <summary>One watcher of one device, until it is disposed of.</summary>
    internal sealed class Watch(DeviceWatchers watchers, string id, Device device) : IDisposable
    {
        /// <summary>Completes when something of the device has changed from now on, or the registry has come or gone. Whoever waits takes it before it looks.</summary>
        public Task Next => device.Changed;

        public void Dispose() => watchers.End(id, device);
    }

    /// <summary>A device that somebody watches.</summary>
    internal sealed class Device
    {
        private volatile TaskCompletionSource _changed = NewSignal();

        public int Watchers { get; set; }

        public Task Changed => _changed.Task;

        public void Tell()
        {
            TaskCompletionSource changed = _changed;
            _changed = NewSignal();
            changed.SetResult();
        }

        /// <summary>Whoever waits must not run on the follower's thread.</summary>
        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
