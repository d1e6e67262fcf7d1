using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at who asks: what root may read and write the agent may not, and the other way round for everybody else.</summary>
internal static class UserChecks
{
    /// <summary>What to do where this user may not look at something.</summary>
    public const string Remedy = "ask as the agent's user (sudo -u policym2m-agent policym2m-agent doctor); if that is who asks, let it read the file";

    public static IEnumerable<Finding> Look(AgentConfiguration configuration)
    {
        uint own = SystemAccounts.Own();
        // The folder is made by the agent or for it: whose it is, the agent runs as.
        return FileFacts.Of(configuration.State) is { Kind: FileKind.Folder } folder && folder.Owner != own
            ? [new Finding("user", Severity.Warning, $"user {own} asks, and {configuration.State} is that of user {folder.Owner}: what is found is so for who asks, and may be otherwise for the agent",
                $"sudo -u '#{folder.Owner}' policym2m-agent doctor")]
            : [];
    }
}
