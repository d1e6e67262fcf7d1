using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>What a record says of a device before and after a change: whoever knows what was in the registry can tell that it was so, and nobody else learns it.</summary>
internal static class DeviceDigest
{
    /// <summary>The digest of what the registry says of a device; empty where there is none.</summary>
    public static ByteString Of(Device? device, Pseudonyms pseudonyms) => device is null ? ByteString.Empty : ByteString.CopyFrom(pseudonyms.DigestOf(Json(device)));

    private static ReadOnlySpan<byte> Json(Device device)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("state", LifecycleStates.Text(device.State));
            if (device.Site is { } site)
                writer.WriteString("site", site);
            if (device.Risk is { } risk)
                writer.WriteNumber("risk", risk);
            if (device.Revocation is { } revocation)
            {
                writer.WriteStartObject("revoked");
                writer.WriteString("at", revocation.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
                writer.WriteString("reason", revocation.Reason);
                writer.WriteEndObject();
            }
            writer.WritePropertyName("attributes");
            writer.WriteRawValue(device.Attributes.ToJson());
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan;
    }
}
