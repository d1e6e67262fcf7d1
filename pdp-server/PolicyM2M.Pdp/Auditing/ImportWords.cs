using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using PolicyM2M.Wire.V1;
using Device = PolicyM2M.Registry.Device;
using ImportProgress = PolicyM2M.Pdp.Devices.ImportProgress;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>What the audit log says of an import: which devices it changed, without naming them all.</summary>
internal static class ImportWords
{
    public const string Verb = "import";

    /// <param name="progress">What it wrote.</param>
    /// <param name="detail">What came of it, for people.</param>
    /// <param name="pseudonyms">How the log names devices.</param>
    public static AuditDeviceChange Of(ImportProgress progress, string detail, Pseudonyms pseudonyms)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Device device in progress.Changed)
            digest.AppendData(Encoding.UTF8.GetBytes($"{pseudonyms.NameOf(device.Id)} {device.Version}\n"));
        return new AuditDeviceChange { Verb = Verb, Version = (ulong)progress.Sequence, Detail = detail, DevicesSha256 = ByteString.CopyFrom(digest.GetHashAndReset()) };
    }
}
