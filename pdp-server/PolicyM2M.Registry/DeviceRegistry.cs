using System.Collections.Concurrent;
using System.Collections.Frozen;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry;

/// <summary>
/// The devices in memory, as answers are made from. One of the few mutable holders. Safe for all threads: a device never changes, readers take no lock, and
/// <see cref="DeviceReplica"/> alone writes.
/// </summary>
public sealed class DeviceRegistry
{
    private readonly ConcurrentDictionary<string, Device> _devices;
    private volatile IReadOnlySet<string> _keptRevoked;

    private DeviceRegistry(IEnumerable<KeyValuePair<string, Device>> devices, IReadOnlySet<string> keptRevoked)
    {
        // One writer: more locks than one would only be memory.
        _devices = new ConcurrentDictionary<string, Device>(concurrencyLevel: 1, devices, StringComparer.Ordinal);
        _keptRevoked = keptRevoked;
    }

    /// <summary>A registry that knows nobody.</summary>
    public static DeviceRegistry Empty { get; } = new([], FrozenSet<string>.Empty);

    /// <summary>How many devices there are.</summary>
    public int Count => _devices.Count;

    /// <summary>A registry of these devices, for whoever has no database.</summary>
    public static DeviceRegistry Of(IEnumerable<Device> devices) => new(devices.Select(device => KeyValuePair.Create(device.Id, device)), FrozenSet<string>.Empty);

    /// <summary>A registry that knows of nobody more than that these devices are revoked: what holds on where there is no other.</summary>
    public static DeviceRegistry OfRevoked(IReadOnlySet<string> ids) => new([], ids);

    /// <summary>The device of this id; null where it is not registered.</summary>
    public Device? Find(string id) => _devices.GetValueOrDefault(id);

    /// <summary>What is known of a device; nothing where it is not registered.</summary>
    public DeviceContext AttributesOf(string device) => Find(device)?.ToContext() ?? DeviceContext.Empty;

    /// <summary>Where a device or a gateway is installed; null where the registry does not say.</summary>
    public string? SiteOf(string device) => Find(device)?.Site;

    /// <summary>Whether a device's identity was taken back.</summary>
    public bool IsRevoked(string device) => Find(device)?.Revocation is not null || _keptRevoked.Contains(device);

    /// <summary>The ids of the devices that are registered and whose identity was taken back.</summary>
    public IEnumerable<string> Revoked => All.Where(device => device.Revocation is not null).Select(device => device.Id);

    /// <summary>Keeps these devices revoked, whatever is registered of them. For the one who writes.</summary>
    public void KeepRevoked(IReadOnlySet<string> ids) => _keptRevoked = ids;

    /// <summary>All devices, in no order; those that change meanwhile may be as before or as after.</summary>
    internal IEnumerable<Device> All => _devices.Select(entry => entry.Value);

    /// <summary>Puts a device as it now is in place; one that says the same as before is left, and what it shares with others with it.</summary>
    internal void Put(Device device)
    {
        Device? before = Find(device.Id);
        _devices[before?.Id ?? device.Id] = before is null ? device : device with
        {
            Id = before.Id,
            Site = device.Site == before.Site ? before.Site : device.Site,
            Attributes = device.Attributes.Equals(before.Attributes) ? before.Attributes : device.Attributes,
        };
    }

    internal void Remove(string id) => _devices.TryRemove(id, out _);
}
