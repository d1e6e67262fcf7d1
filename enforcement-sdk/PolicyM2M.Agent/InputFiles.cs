using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Files;
using PolicyM2M.Agent.Renewing;

namespace PolicyM2M.Agent;

/// <summary>The files that the agent reads, looked at before any is read: in the place of one there may be a pipe, a device, or something without end.</summary>
internal static class InputFiles
{
    /// <summary>More than the store ever has.</summary>
    private const long LargestStore = 256L << 20;

    /// <summary>What is wrong, a line for each file; empty where nothing is. A file that is not there is not wrong: whoever needs it says so.</summary>
    public static IReadOnlyList<string> Faults(AgentConfiguration configuration) =>
        [.. Of(configuration).Select(file => OrdinaryFile.Fault(file.Path, file.Most) is { } fault ? $"`{file.Path}` ({file.What}): {fault}" : null).OfType<string>()];

    /// <summary>Throws where something is wrong.</summary>
    /// <exception cref="CannotRunException">It is; the message has a line for each file.</exception>
    public static void Check(AgentConfiguration configuration)
    {
        if (Faults(configuration) is { Count: > 0 } faults)
            throw new CannotRunException(string.Join('\n', faults));
    }

    private static IEnumerable<(string Path, string What, long Most)> Of(AgentConfiguration configuration)
    {
        yield return (configuration.Certificate, "certificate", OrdinaryFile.LargestPem);
        yield return (configuration.Key, "key", OrdinaryFile.LargestPem);
        yield return (configuration.Trust, "trust", OrdinaryFile.LargestPem);
        yield return (StateFiles.CacheKey(configuration), "in the state folder", OrdinaryFile.LargestPem);
        foreach (string store in StateFiles.Stores(configuration))
            yield return (store, "in the state folder", LargestStore);
        if (configuration.Renewal is not { } renewal)
            yield break;
        yield return (renewal.Trust, "renewal.trust", OrdinaryFile.LargestPem);
        if (renewal is RenewalOptions.Est est)
            yield return (est.ServerTrust, "renewal.estTrust", OrdinaryFile.LargestPem);
        (string certificate, string key) = OwnCredential.InUse(configuration);
        foreach (string file in (string[])[certificate, key, .. OwnCredential.StatesOf(configuration)])
            yield return (file, "in the state folder", OrdinaryFile.LargestPem);
    }
}
