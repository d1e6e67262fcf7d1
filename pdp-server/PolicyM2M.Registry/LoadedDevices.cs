namespace PolicyM2M.Registry;

/// <summary>The whole registry, of one moment.</summary>
/// <param name="Registry">Which registry it is.</param>
/// <param name="Sequence">The number of the last change that it holds.</param>
/// <param name="Devices">All devices.</param>
/// <param name="Reinstated">The number of the last reinstatement of each device that had one, also of those that are gone.</param>
internal sealed record LoadedDevices(string Registry, long Sequence, List<Device> Devices, Dictionary<string, long> Reinstated);

/// <summary>What was changed after a number.</summary>
/// <param name="Sequence">The number of the last change.</param>
/// <param name="Changed">Each device that was changed, as it now is; null where it is gone.</param>
/// <param name="Reinstated">The number of the last reinstatement of each device that was reinstated meanwhile.</param>
internal sealed record ChangedDevices(long Sequence, List<(string Id, Device? Device)> Changed, Dictionary<string, long> Reinstated);
