using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Renewing;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at who else may write what the agent runs by, and read what it keeps to itself.</summary>
internal static class PermissionChecks
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const UnixFileMode OthersRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="path">The configuration's file.</param>
    /// <param name="configuration">What it says.</param>
    public static Finding Look(string path, AgentConfiguration configuration)
    {
        string cacheKey = StateFiles.CacheKey(configuration), credentials = OwnCredential.FolderOf(configuration);
        try
        {
            // It names programs that the agent runs.
            if ((File.GetUnixFileMode(path) & OthersWrite) != 0)
                return new Finding("permissions", Severity.Fault, $"{path} can be written by others, who so run programs as the agent", $"chmod go-w {path}, and look at what it says");
            // One that is empty is no key yet: another takes its place.
            if (new FileInfo(RealPath.Of(cacheKey)) is { Exists: true, Length: > 0 } && (File.GetUnixFileMode(cacheKey) & (OthersRead | OthersWrite)) != 0)
                return Finding.Fatal("permissions", $"{cacheKey} can be read or written by others, and so can what it encrypts",
                    $"stop the agent, remove what they may have read or written, and start it again: rm {cacheKey} {string.Join(' ', StateFiles.Stores(configuration))}");
            return Directory.Exists(credentials) && (File.GetUnixFileMode(credentials) & (OthersRead | OthersWrite)) != 0
                ? new Finding("permissions", Severity.Fault, $"{credentials} can be read or written by others", $"chmod 700 {credentials}; who may have read a key has the gateway's identity, so have it rotated")
                : new Finding("permissions", Severity.Ok, "the configuration, the key of the cache and the credentials are left to those whom they concern");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new Finding("permissions", Severity.Fault, fault.Message, UserChecks.Remedy);
        }
    }
}
