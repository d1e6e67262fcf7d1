using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// Bytes that only their device can read, and nobody can alter or cut unnoticed: AES-256-GCM (NIST SP 800-38D) under the store's key. Magic, format, a random nonce, the ciphertext, the tag;
/// what the bytes are and whose they are is authenticated with them. A nonce is of 96 random bits: at one write a minute none comes twice in any lifetime that matters.
/// </summary>
internal static class SealedBytes
{
    private const uint Magic = 0x534D324D;

    /// <summary>The format that is written, and the only one that is read.</summary>
    public const byte Version = 5;

    private const int HeaderLength = 5, NonceLength = 12, TagLength = 16;

    /// <summary>Seals bytes.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="what">What they are: bytes of one kind never pass for another.</param>
    /// <param name="device">Whose they are.</param>
    /// <param name="key">32 bytes.</param>
    public static byte[] Seal(ReadOnlySpan<byte> content, string what, string device, ReadOnlySpan<byte> key)
    {
        byte[] whole = new byte[HeaderLength + NonceLength + content.Length + TagLength];
        BinaryPrimitives.WriteUInt32LittleEndian(whole, Magic);
        whole[4] = Version;
        Span<byte> nonce = whole.AsSpan(HeaderLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, content, whole.AsSpan(HeaderLength + NonceLength, content.Length), whole.AsSpan(whole.Length - TagLength), Authenticated(what, device));
        return whole;
    }

    /// <summary>The format that bytes say they have; null where they are no sealed bytes. Nothing vouches for it.</summary>
    public static byte? VersionOf(ReadOnlySpan<byte> whole) => whole.Length >= HeaderLength && BinaryPrimitives.ReadUInt32LittleEndian(whole) == Magic ? whole[4] : null;

    /// <exception cref="InvalidDataException">The bytes are cut short or altered, were sealed under another key, or are another device's.</exception>
    public static byte[] Open(ReadOnlySpan<byte> whole, string what, string device, ReadOnlySpan<byte> key)
    {
        int length = whole.Length - HeaderLength - NonceLength - TagLength;
        if (length < 0)
            throw new InvalidDataException("it is cut short");
        if (VersionOf(whole) != Version)
            throw new InvalidDataException("it has another format");
        byte[] content = new byte[length];
        using var aes = new AesGcm(key, TagLength);
        try
        {
            aes.Decrypt(whole.Slice(HeaderLength, NonceLength), whole.Slice(HeaderLength + NonceLength, length), whole[^TagLength..], content, Authenticated(what, device));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new InvalidDataException($"it was altered or cut short, written under another key, or is not that of {device}");
        }
        return content;
    }

    private static byte[] Authenticated(string what, string device) => Encoding.UTF8.GetBytes($"PolicyM2M {what} {Version}\n{device}");
}
