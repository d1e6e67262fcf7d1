using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>What the store keeps of devices, so that it is never larger than what is read back. Which policies were seen is kept of all, because those before them are refused.</summary>
internal static class StoredDevices
{
    /// <summary>Ten thousand devices, each with a statement of a kilobyte. With as many decisions as are kept it is less than the 32 MiB of a store.</summary>
    public const long Most = 16 << 20;

    /// <summary>What a hash of a decision takes, and about what a device takes beside what was signed and the hashes.</summary>
    private const int HashBytes = 65, BytesBeside = 640;

    /// <summary>The devices by name. Those that were not asked about for longest are kept without their statements, where all would be too many bytes: they are asked for anew.</summary>
    /// <param name="devices">The devices that were answered for.</param>
    /// <param name="self">This device, which keeps its own.</param>
    /// <param name="most">The most bytes of all together.</param>
    public static ImmutableArray<DeviceFacts> Within(IEnumerable<DeviceSlot> devices, DeviceSlot self, long most = Most)
    {
        List<DeviceFacts> kept = [];
        long bytes = 0;
        foreach (DeviceSlot slot in devices.OrderBy(slot => slot != self).ThenByDescending(slot => slot.UsedAt))
        {
            DeviceFacts facts = slot.Facts;
            bytes += BytesBeside + (facts.Statement?.Signed.Payload.Length ?? 0) + (HashBytes * (long)facts.Unchanged.Count);
            kept.Add(bytes <= most || slot == self ? facts : facts with { Statement = null, Unchanged = [] });
        }
        return [.. kept.OrderBy(facts => facts.Device, StringComparer.Ordinal)];
    }
}
