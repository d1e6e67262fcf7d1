using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;
using Device = PolicyM2M.Registry.Device;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>What the audit log says of an import: which devices it changed, without naming them all.</summary>
internal static class ImportWords
{
    public const string Verb = "import";

    /// <param name="written">What came of it.</param>
    /// <param name="detail">What came of it, for people.</param>
    /// <param name="pseudonyms">How the log names devices.</param>
    public static AuditDeviceChange Of(Written written, string detail, Pseudonyms pseudonyms)
    {
        // The changes of one transaction have the last numbers, without a gap.
        long before = written.Sequence - written.Changed;
        IEnumerable<Device> changed = written.Devices.OfType<Device>().Where(device => device.Version > before).OrderBy(device => device.Version);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Device device in changed)
            digest.AppendData(Encoding.UTF8.GetBytes($"{pseudonyms.NameOf(device.Id)} {device.Version}\n"));
        return new AuditDeviceChange { Verb = Verb, Version = (ulong)written.Sequence, Detail = detail, DevicesSha256 = ByteString.CopyFrom(digest.GetHashAndReset()) };
    }
}
