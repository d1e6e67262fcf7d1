using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit;

/// <summary>The secret by which a log names devices without telling which they are: by an HMAC-SHA-256 of the id. The same device has the same pseudonym.</summary>
internal sealed class PseudonymKey
{
    private const int ShortestKey = 16;

    /// <summary>More bytes than a secret that somebody made for this has.</summary>
    private const int LongestKey = 1 << 20;

    private const string Prefix = "hmac-sha256:";

    private readonly byte[] _key;

    private PseudonymKey(byte[] key) => _key = key;

    /// <summary>Whether a log's name of a device is a pseudonym. No device's id looks like one.</summary>
    public static bool IsPseudonym(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The secret that a file holds.</summary>
    /// <exception cref="FormatException">It is too short to be one; the message names the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static PseudonymKey Read(string file)
    {
        byte[] key = OrdinaryFile.Read(file, LongestKey);
        return key.Length >= ShortestKey ? new PseudonymKey(key)
            : throw new FormatException($"`{file}` has {key.Length} bytes, and a secret needs at least {ShortestKey}: `openssl rand -out FILE 32` makes one");
    }

    /// <summary>A digest that nobody can guess what it is of who could not tell devices apart either.</summary>
    public byte[] DigestOf(ReadOnlySpan<byte> bytes) => HMACSHA256.HashData(_key, bytes);

    /// <summary>How the log names a device.</summary>
    public string NameOf(string device) => $"{Prefix}{Convert.ToHexStringLower(DigestOf(Encoding.UTF8.GetBytes(device)))}";
}
