using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Devices;

/// <summary>What an import has written so far. It belongs to its one call.</summary>
/// <param name="before">The number of the last change that the registry held before it.</param>
internal sealed class ImportProgress(long before)
{
    private readonly List<Device> _changed = [];
    private readonly List<Refusal?> _refusals = [];

    /// <summary>The number of the last change that the registry held after the last part, or before the first.</summary>
    public long Sequence { get; private set; } = before;

    /// <summary>The devices that are other than before, in the order of their changes.</summary>
    public IReadOnlyList<Device> Changed => _changed;

    /// <summary>Why a device was not written, in the order of the file; null where it was.</summary>
    public IReadOnlyList<Refusal?> Refusals => _refusals;

    /// <summary>How many devices are as the file says.</summary>
    public int Good { get; private set; }

    /// <summary>Another part is written.</summary>
    public void Add(Written part)
    {
        // The changes of one transaction have the last numbers, without a gap.
        long last = part.Sequence - part.Changed;
        _changed.AddRange(part.Devices.OfType<Device>().Where(device => device.Version > last).OrderBy(device => device.Version));
        _refusals.AddRange(part.Refusals);
        Good += part.Refusals.Count(refusal => refusal is null);
        Sequence = part.Sequence;
    }
}
