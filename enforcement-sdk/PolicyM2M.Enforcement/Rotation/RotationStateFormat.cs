using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>The text of a state: a line of JSON, and a line with its SHA-256. It holds no secret; the sum is against a disk that fails, not against an attacker, who would need the folder of the keys.</summary>
internal static class RotationStateFormat
{
    public static byte[] Write(RotationState state)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(state, RotationStateJson.Default.RotationState);
        return [.. text, (byte)'\n', .. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(text))), (byte)'\n'];
    }

    /// <exception cref="InvalidDataException">The bytes are cut short or altered, or another device's.</exception>
    public static RotationState Read(ReadOnlySpan<byte> bytes, string device)
    {
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0)
            throw new InvalidDataException("it is cut short");
        ReadOnlySpan<byte> text = bytes[..end];
        if (!bytes[(end + 1)..].SequenceEqual(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(text)) + "\n")))
            throw new InvalidDataException("it is cut short or altered");
        try
        {
            RotationState state = JsonSerializer.Deserialize(text, RotationStateJson.Default.RotationState) ?? throw new InvalidDataException("it is empty");
            return state.Device == device ? state : throw new InvalidDataException($"it belongs to {state.Device}");
        }
        catch (JsonException malformed)
        {
            throw new InvalidDataException($"it makes no sense: {malformed.Message}", malformed);
        }
    }
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, IgnoreReadOnlyProperties = true,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RotationState))]
internal sealed partial class RotationStateJson : JsonSerializerContext;
