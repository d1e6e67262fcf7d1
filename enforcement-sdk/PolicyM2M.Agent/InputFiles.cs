using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Renewing;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>The files that the agent reads, looked at before any is read: in the place of one there may be a pipe, a device, or something without end.</summary>
internal static class InputFiles
{
    /// <summary>What is wrong, a line for each file; empty where nothing is. A file that is not there is not wrong: whoever needs it says so. Nor is a store that is too large, which is thrown away.</summary>
    public static IReadOnlyList<string> Faults(AgentConfiguration configuration) =>
        [.. Of(configuration).Select(file => BoundedFile.Fault(file.Path, file.Most) is { } fault ? $"`{file.Path}` ({file.What}): {fault}" : null).OfType<string>()];

    private static IEnumerable<(string Path, string What, long Most)> Of(AgentConfiguration configuration)
    {
        yield return (configuration.Certificate, "certificate", BoundedFile.LargestPem);
        yield return (configuration.Key, "key", BoundedFile.LargestPem);
        yield return (configuration.Trust, "trust", BoundedFile.LargestPem);
        yield return (StateFiles.CacheKey(configuration), "in the state folder", BoundedFile.LargestPem);
        foreach (string store in StateFiles.Stores(configuration))
            yield return (store, "in the state folder", long.MaxValue);
        if (configuration.Renewal is not { } renewal)
            yield break;
        yield return (renewal.Trust, "renewal.trust", BoundedFile.LargestPem);
        if (renewal is RenewalOptions.Est est)
            yield return (est.ServerTrust, "renewal.estTrust", BoundedFile.LargestPem);
        (string certificate, string key) = OwnCredential.InUse(configuration);
        foreach (string file in (string[])[certificate, key, .. OwnCredential.StatesOf(configuration)])
            yield return (file, "in the state folder", BoundedFile.LargestPem);
    }
}
