using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>Looks at the key of the store before it is used: some disks leave an empty file where the power went while it was made.</summary>
internal static class CacheKeyFile
{
    /// <summary>Why it can be no key, and what to do; null where it can, and where there is none, or one so empty that another may be made.</summary>
    public static (string Text, string Remedy)? Fault(AgentConfiguration configuration)
    {
        string path = StateFiles.CacheKey(configuration);
        if (FileFacts.OfLink(path) is not { } itself)
            return null;
        if (FileFacts.Of(path) is not { } facts)
            return ($"`{path}` is a link to {RealPath.Of(path)}, which is not there", $"put the key there, or take the link away (rm {path})");
        // What is no file at all, whoever looks at the files says.
        if (facts.Kind != FileKind.Ordinary || new FileInfo(RealPath.Of(path)).Length is not (not StoreKeyFile.KeyLength and var length))
            return null;
        string[] held = [.. StateFiles.Stores(configuration).Where(store => File.Exists(store) && !IsEmpty(store))];
        string isNone = $"`{path}` {(length == 0 ? "is empty" : $"is no key: it has {length} bytes and not {StoreKeyFile.KeyLength}")}";
        if (held.Length > 0)
        {
            return ($"{isNone}, and {string.Join(" and ", held.Select(store => $"`{store}`"))} cannot be opened without the key that was in it",
                $"put that back where there is a copy; or let the agent ask for everything anew: rm {path} {string.Join(' ', held)}");
        }
        return length == 0 && itself.Kind == FileKind.Ordinary ? null : (isNone, $"take it away, and the agent makes one: rm {path}");
    }

    /// <summary>Takes an empty key away, so that one is made, where nothing is sealed with the one that should be there.</summary>
    /// <exception cref="CannotRunException">Something is, or it is no key and not empty.</exception>
    /// <exception cref="IOException">The empty file cannot be taken away.</exception>
    public static void MakeWay(AgentConfiguration configuration)
    {
        if (Fault(configuration) is { } fault)
            throw new CannotRunException($"{fault.Text}: {fault.Remedy}");
        if (IsEmpty(StateFiles.CacheKey(configuration)))
            File.Delete(StateFiles.CacheKey(configuration));
    }

    private static bool IsEmpty(string path) => FileFacts.OfLink(path) is { Kind: FileKind.Ordinary } && new FileInfo(path).Length == 0;
}
