using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Files;

namespace PolicyM2M.Agent;

/// <summary>Looks at the key of the store before it is used: some disks leave an empty file where the power went while it was made.</summary>
internal static class CacheKeyFile
{
    /// <summary>Takes an empty key away, so that one is made, where nothing is sealed with the one that should be there.</summary>
    /// <exception cref="CannotRunException">Something is.</exception>
    /// <exception cref="IOException">The empty file cannot be taken away.</exception>
    public static void MakeWay(AgentConfiguration configuration)
    {
        string path = StateFiles.CacheKey(configuration);
        if (!IsEmpty(path))
            return;
        string[] held = [.. StateFiles.Stores(configuration).Where(store => File.Exists(store) && !IsEmpty(store))];
        if (held.Length > 0)
            throw new CannotRunException($"`{path}` is empty, and {string.Join(" and ", held.Select(store => $"`{store}`"))} cannot be opened without the key that was in it: put that back where there is a copy; "
                + $"or let the agent ask for everything anew: rm {path} {string.Join(' ', held)}");
        File.Delete(path);
    }

    private static bool IsEmpty(string path) => FileFacts.OfLink(path) is { Kind: FileKind.Ordinary } && new FileInfo(path).Length == 0;
}
