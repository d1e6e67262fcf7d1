namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// The registry that answers are made from. One of the server's few mutable holders. Safe for all threads: the registry
/// itself never changes, <see cref="RegistryFollower"/> alone replaces it, whole, and a reference is read and written in one piece.
/// </summary>
internal sealed class RegistryState
{
    private volatile DeviceRegistry _current = DeviceRegistry.Empty;

    /// <summary>The registry as it was last read. A request takes it once, so that all it is told is of one moment.</summary>
    public DeviceRegistry Current => _current;

    public void Replace(DeviceRegistry registry) => _current = registry;
}
