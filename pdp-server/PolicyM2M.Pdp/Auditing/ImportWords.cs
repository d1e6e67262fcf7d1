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
    private const string Verb = "import";

    /// <param name="progress">What it wrote.</param>
    /// <param name="detail">What came of it, for people.</param>
    /// <param name="pseudonyms">How the log names devices.</param>
    /// <param name="file">The file.</param>
    public static AuditDeviceChange Of(ImportProgress progress, string detail, ReadOnlySpan<byte> file, Pseudonyms pseudonyms)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Device device in progress.Changed)
            digest.AppendData(Encoding.UTF8.GetBytes($"{pseudonyms.NameOf(device.Id)} {device.Version}\n"));
        AuditDeviceChange change = Of(file, pseudonyms);
        change.Version = (ulong)progress.Sequence;
        change.Detail = detail;
        change.DevicesSha256 = ByteString.CopyFrom(digest.GetHashAndReset());
        return change;
    }

    /// <summary>What it says of one that wrote nothing, but for why.</summary>
    public static AuditDeviceChange Of(ReadOnlySpan<byte> file, Pseudonyms pseudonyms) => new() { Verb = Verb, FileSha256 = ByteString.CopyFrom(pseudonyms.DigestOf(file)) };
}
