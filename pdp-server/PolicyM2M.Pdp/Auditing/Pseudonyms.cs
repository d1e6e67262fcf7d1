using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>How the audit log names devices: as they are, or by an HMAC-SHA-256 of their id, which only who has the key can tell from another's. The same device has the same pseudonym.</summary>
internal sealed class Pseudonyms
{
    private const int ShortestKey = 16;

    /// <summary>More bytes than a secret that somebody made for this has.</summary>
    private const int LongestKey = 1 << 20;

    private readonly byte[]? _key;

    private Pseudonyms(byte[]? key) => _key = key;

    /// <summary>Names devices as they are.</summary>
    public static Pseudonyms None { get; } = new(null);

    /// <summary>Whether devices are not named.</summary>
    public bool AreUsed => _key is not null;

    /// <exception cref="StartupException">The file cannot be read, or is too short.</exception>
    public static Pseudonyms Of(string? file)
    {
        if (file is null)
            return None;
        try
        {
            byte[] key = OrdinaryFile.Read(file, LongestKey);
            return key.Length >= ShortestKey ? new Pseudonyms(key)
                : throw new StartupException($"--audit-pseudonyms: `{file}` has {key.Length} bytes, and a secret needs at least {ShortestKey}: `openssl rand -out FILE 32` makes one");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--audit-pseudonyms: `{file}` cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>A digest that nobody can guess what it is of who could not tell devices apart either.</summary>
    public byte[] DigestOf(ReadOnlySpan<byte> bytes) => _key is null ? SHA256.HashData(bytes) : HMACSHA256.HashData(_key, bytes);

    /// <summary>How the log names a device.</summary>
    public string NameOf(string device) => _key is null || device.Length == 0 ? device : $"hmac-sha256:{Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(device)))}";
}
