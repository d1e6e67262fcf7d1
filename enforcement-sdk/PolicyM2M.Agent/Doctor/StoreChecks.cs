using System.Security.Cryptography;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks whether what is kept can be believed. It keeps no agent from starting: what cannot be is thrown away then, and until the decision point answers the gateway has nothing to go by.</summary>
internal static class StoreChecks
{
    /// <param name="configuration">With the certificate in use.</param>
    /// <returns>A fault for each file that cannot be believed.</returns>
    public static IReadOnlyList<Finding> Look(AgentConfiguration configuration)
    {
        try
        {
            if (!StateFiles.Stores(configuration).Any(File.Exists))
                return [];
            string device = PolicyClient.DeviceIdOf(Daemon.Options(configuration, TimeProvider.System)), decisions = StateFiles.Decisions(configuration);
            byte[] key = BoundedFile.Read(StateFiles.CacheKey(configuration), StoreKeyFile.KeyLength);
            return [.. new[] { StoreFile.OfDecisions(decisions, device, key), StoreFile.OfBundle(decisions, device, key) }.Select(Of).OfType<Finding>()];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return [new Finding("store", Severity.Warning, $"whether what is kept can be believed was not looked at: {fault.Message}", "see to the key and the certificate first")];
        }
    }

    private static Finding? Of(StoreFile file) => file.Fault() is not { } fault ? null : new Finding("store", Severity.Fault, $"{file.Path} cannot be used: {fault}",
        $"the agent puts it out of the way at its next start, and asks anew (or: rm {file.Path}); see in dmesg whether the disk has faults");
}
