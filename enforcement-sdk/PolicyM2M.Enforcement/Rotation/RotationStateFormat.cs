using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>The text of a state: a line of JSON, and a line with its SHA-256. It holds no secret; the sum is against a disk that fails, not against an attacker, who would need the folder of the keys.</summary>
internal static class RotationStateFormat
{
    public static byte[] Write(RotationState state)
    {
        byte[] text = RotationStateJson.Write(state);
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
        RotationState state = RotationStateJson.Read(text);
        return state.Device == device ? state : throw new InvalidDataException($"it belongs to {state.Device}");
    }
}
