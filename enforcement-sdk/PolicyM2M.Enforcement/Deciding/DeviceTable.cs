using System.Collections.Concurrent;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The devices of which something is known. Mutable; one lock guards what comes and goes, and readers take none: safe for all threads.</summary>
internal sealed class DeviceTable
{
    /// <summary>A gateway speaks for the devices of a site. Whoever asks about ever new ones gets no more memory.</summary>
    public const int MaximumDevices = 10_000;

    private readonly ConcurrentDictionary<string, DeviceSlot> _slots = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <param name="kept">What was kept before this process began.</param>
    /// <param name="self">The id of this device, which has its place however many others there are.</param>
    public DeviceTable(IEnumerable<DeviceFacts> kept, string self)
    {
        foreach (DeviceFacts facts in kept)
            _slots[facts.Device] = new DeviceSlot(facts);
        Self = _slots.GetOrAdd(self, static name => new DeviceSlot(new DeviceFacts(name)));
    }

    /// <summary>Where what is known of this device stands.</summary>
    public DeviceSlot Self { get; }

    public ICollection<DeviceSlot> All => _slots.Values;

    /// <summary>
    /// Where what is known of a device stands. Where there are too many devices, the one that was not asked about for longest loses its place; before it whichever nobody ever answered for, so that
    /// names which nobody has push out none of them.
    /// </summary>
    public DeviceSlot Slot(string device)
    {
        if (_slots.TryGetValue(device, out DeviceSlot? known))
            return known;
        lock (_lock)
        {
            if (_slots.Count >= MaximumDevices)
                MakeRoom();
            return _slots.GetOrAdd(device, static name => new DeviceSlot(new DeviceFacts(name)));
        }
    }

    /// <summary>Takes many at once: looking for them takes as long as there are devices.</summary>
    private void MakeRoom()
    {
        foreach ((string device, DeviceSlot slot) in _slots.Where(known => known.Value != Self)
            .OrderBy(known => known.Value.Facts.LatestSeen is not null).ThenBy(known => known.Value.UsedAt).Take(MaximumDevices / 100).ToArray())
        {
            _slots.TryRemove(device, out _);
            slot.IsGone = true;
        }
    }
}
