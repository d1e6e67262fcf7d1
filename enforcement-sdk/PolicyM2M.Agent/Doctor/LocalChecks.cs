using System.Net.Sockets;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at the daemon's socket and at the services that it configures.</summary>
internal static class LocalChecks
{
    /// <summary>What is said of the socket.</summary>
    public const string SocketCheck = "socket";

    /// <summary>Where systemd makes the folders of a service when it starts, and takes them away when it ends.</summary>
    private const string ServiceFolders = "/run";

    public static Finding Socket(AgentConfiguration configuration)
    {
        string path = configuration.Socket.Path, folder = Path.GetDirectoryName(path)!;
        if (SocketFile.Fault(path) is { } fault)
            return Finding.Fatal(SocketCheck, fault, "take it away, or name another path as `socket.path`");
        if (!Directory.Exists(folder) && Path.GetDirectoryName(folder) != ServiceFolders)
            return Finding.Fatal(SocketCheck, $"there is no folder {folder} for the socket", $"make it; a service makes only what is below {ServiceFolders} itself (RuntimeDirectory)");
        if (!Directory.Exists(folder))
            return new Finding(SocketCheck, Severity.Warning, $"no agent runs, and there is no folder {folder}: the service makes it when it starts (RuntimeDirectory)",
                "systemctl start policym2m-agent; or make the folder, where the agent is no service");
        if (!Path.Exists(path))
            return new Finding(SocketCheck, Severity.Warning, $"no agent runs: there is no {path}", "systemctl start policym2m-agent");
        return SocketFile.Try(path) switch
        {
            SocketError.Success => new Finding(SocketCheck, Severity.Ok, $"an agent answers on {path}"),
            SocketError.AccessDenied => new Finding(SocketCheck, Severity.Warning, $"this user may not connect to {path}", "ask as the agent's user, or put this one into the group of the socket"),
            _ => new Finding(SocketCheck, Severity.Warning, $"nobody answers on {path}", "systemctl restart policym2m-agent, and look at its journal"),
        };
    }

    /// <summary>Whether each service can be configured, and what the running agent says of it.</summary>
    public static IEnumerable<Finding> Services(AgentConfiguration configuration) => configuration.Services.Select(service =>
    {
        string check = $"service {service.Name}";
        if (!Directory.Exists(service.Folder))
            return new Finding(check, Severity.Fault, $"there is no folder {service.Folder}", $"install -d -o policym2m-agent {service.Folder}, and include its files in the configuration of {service.Name}");
        if (new[] { service.Changed, service.Refused }.Select(Missing).FirstOrDefault(missing => missing is not null) is { } missing)
            return new Finding(check, Severity.Fault, missing, "name a program that is there, with its whole path");
        return ServiceLists.Unusable(service) is { } unusable
            ? new Finding(check, Severity.Fault, $"its revocation lists cannot be used: {unusable}", "put the lists of its authorities there, in PEM: where `revocation` is hard nobody gets in without")
            : new Finding(check, Severity.Ok, $"{service.Folder} is there");
    });

    private static string? Missing(ServiceCommand command) =>
        !File.Exists(command.Program) ? $"there is no program {command.Program}" : null;
}
