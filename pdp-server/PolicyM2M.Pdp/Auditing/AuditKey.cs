using System.Security.Cryptography;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>The key that signs the checkpoints of the audit log. It is made at the first start and stays: whoever checks the log holds its public half.</summary>
internal static class AuditKey
{
    /// <exception cref="StartupException">The key cannot be read or made.</exception>
    public static ECDsa Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                PrivateFile.CreateFolder(Path.GetDirectoryName(path)!);
                PrivateFile.Create(path, made.ExportPkcs8PrivateKeyPem() + "\n");
            }
            var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartupException($"the key of the audit log `{path}` cannot be used: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }
}
