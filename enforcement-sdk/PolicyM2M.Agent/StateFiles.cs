using PolicyM2M.Agent.Configuration;

namespace PolicyM2M.Agent;

/// <summary>Where things lie in the state folder.</summary>
internal static class StateFiles
{
    /// <summary>The key that decisions and the bundle are sealed with.</summary>
    public static string CacheKey(AgentConfiguration configuration) => Path.Combine(configuration.State, "cache-key");

    /// <summary>The decisions. The SDK keeps the bundle beside them, by that name and <c>.bundle</c>.</summary>
    public static string Decisions(AgentConfiguration configuration) => Path.Combine(configuration.State, "decisions.m2mc");

    /// <summary>What is sealed with the key.</summary>
    public static IEnumerable<string> Stores(AgentConfiguration configuration) => [Decisions(configuration), Decisions(configuration) + ".bundle"];
}
