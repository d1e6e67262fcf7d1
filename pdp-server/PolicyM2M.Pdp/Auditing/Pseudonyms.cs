using System.Security.Cryptography;
using PolicyM2M.Audit;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>How the audit log names devices: as they are, or by pseudonyms that only who has the key can tell from another's.</summary>
internal sealed class Pseudonyms
{
    private readonly PseudonymKey? _key;

    private Pseudonyms(PseudonymKey? key) => _key = key;

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
            return new Pseudonyms(PseudonymKey.Read(file));
        }
        catch (FormatException fault)
        {
            throw new StartupException($"--audit-pseudonyms: {fault.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--audit-pseudonyms: `{file}` cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>A digest that nobody can guess what it is of who could not tell devices apart either.</summary>
    public byte[] DigestOf(ReadOnlySpan<byte> bytes) => _key is null ? SHA256.HashData(bytes) : _key.DigestOf(bytes);

    /// <summary>How the log names a device.</summary>
    public string NameOf(string device) => _key is null || device.Length == 0 ? device : _key.NameOf(device);
}
