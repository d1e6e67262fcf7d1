using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>Where things lie in the state folder.</summary>
internal static class StateFiles
{
    private const string CacheKeyName = "cache-key", DecisionsName = "decisions.m2mc", BundleSuffix = ".bundle";

    /// <summary>What the file is called that one agent at a time holds.</summary>
    public const string LockName = "lock";

    /// <summary>What its folders are called: of renewed credentials, of services that are not yet at their files, and of what services were told of.</summary>
    public const string CredentialName = "credential", PendingName = "pending", TakenName = "taken";

    /// <summary>That file.</summary>
    public static string Lock(AgentConfiguration configuration) => Path.Combine(configuration.State, LockName);

    /// <summary>The key that decisions and the bundle are sealed with.</summary>
    public static string CacheKey(AgentConfiguration configuration) => Path.Combine(configuration.State, CacheKeyName);

    /// <summary>The decisions. The SDK keeps the bundle beside them, by that name and <c>.bundle</c>.</summary>
    public static string Decisions(AgentConfiguration configuration) => Path.Combine(configuration.State, DecisionsName);

    /// <summary>What is sealed with the key.</summary>
    public static IEnumerable<string> Stores(AgentConfiguration configuration) => [Decisions(configuration), Decisions(configuration) + BundleSuffix];

    /// <summary>How long the files are that a start reads; those that cannot be looked at count for nothing.</summary>
    public static long StoredBytes(AgentConfiguration configuration) => Stores(configuration).Select(path => new FileInfo(path)).Sum(file => file.Exists ? file.Length : 0);

    /// <summary>What of the agent's own a path is, or lies in; null where it is none of that.</summary>
    /// <param name="state">The state folder.</param>
    /// <param name="path">The path.</param>
    public static string? Own(string state, string path) =>
        new[] { LockName, CacheKeyName, DecisionsName, DecisionsName + BundleSuffix, CredentialName, PendingName, TakenName }.Select(name => Path.Combine(state, name)).FirstOrDefault(own => RealPath.IsWithin(path, own));
}
