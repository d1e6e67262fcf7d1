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
    /// <param name="id">The device.</param>
    /// <param name="changed">Where its changes are noted too, for who watches many; null for who waits for this one.</param>
    public Watch Begin(string id, ChangedDevices? changed = null)
    {
        lock (_lock)
        {
            if (!_devices.TryGetValue(id, out Device? device))
                _devices[id] = device = new Device(id);
            device.Watchers++;
            if (changed is not null)
                (device.Noted ??= []).Add(changed);
            return new Watch(this, device, changed);
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

    private void End(Device device, ChangedDevices? changed)
    {
        lock (_lock)
        {
            if (changed is not null)
                device.Noted!.Remove(changed);
            if (--device.Watchers == 0)
                _devices.Remove(device.Id);
        }
    }

    /// <summary>One watcher of one device, until it is disposed of.</summary>
    internal sealed class Watch(DeviceWatchers watchers, Device device, ChangedDevices? changed) : IDisposable
    {
        /// <summary>Completes when something of the device has changed from now on, or the registry has come or gone. Whoever waits takes it before it looks.</summary>
        public Task Next => device.Changed;

        /// <summary>Which device.</summary>
        public string Id => device.Id;

        /// <summary>The watch of a device that takes the place of this one; this one where it is of that device.</summary>
        public Watch Of(string id)
        {
            if (id == Id)
                return this;
            Dispose();
            return watchers.Begin(id, changed);
        }

        public void Dispose() => watchers.End(device, changed);
    }

    /// <summary>A device that somebody watches.</summary>
    internal sealed class Device(string id)
    {
        private volatile TaskCompletionSource _changed = NewSignal();

        public string Id => id;

        public int Watchers { get; set; }

        /// <summary>Where its changes are noted; null while nobody who watches many watches it.</summary>
        public List<ChangedDevices>? Noted { get; set; }

        public Task Changed => _changed.Task;

        public void Tell()
        {
            TaskCompletionSource changed = _changed;
            _changed = NewSignal();
            changed.SetResult();
            foreach (ChangedDevices noted in Noted ?? [])
                noted.Add(id);
        }

        /// <summary>Whoever waits must not run on the follower's thread.</summary>
        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
