using System.Net;
using System.Net.Sockets;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Remotes;

/// <summary>A real sshd on loopback that lets the user of this process in with one key.</summary>
internal sealed class SshServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RunningProcess _process;

    private SshServer()
    {
        string sshd = RequiredProgram.Sshd.Require();
        Key = SshKey.Make(_folder, "client");
        var host = SshKey.Make(_folder, "host");
        File.Copy($"{Key.Path}.pub", _folder["authorized"]);
        // Where Debian has no service running, nobody has made this folder, and sshd wants it when it is root.
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        Port = FreePort();
        _folder.Write("known", $"[127.0.0.1]:{Port} {host.Public}\n");
        string config = _folder.Write("config", $"""
            Port {Port}
            ListenAddress 127.0.0.1
            HostKey {host.Path}
            AuthorizedKeysFile {_folder["authorized"]}
            PubkeyAuthentication yes
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            UsePAM no
            StrictModes no
            PidFile none

            """);
        _process = RunningProcess.Start(sshd, ["-D", "-e", "-f", config], _folder.Path);
    }

    public int Port { get; }

    /// <summary>The key that is let in.</summary>
    public SshKey Key { get; }

    /// <summary>The file with the server's key.</summary>
    public string KnownHosts => _folder["known"];

    public static async Task<SshServer> StartAsync()
    {
        var server = new SshServer();
        await server._process.NextLineAsync(line => line.Contains("Server listening on", StringComparison.Ordinal), "address");
        return server;
    }

    /// <summary>The URL of a folder of this machine.</summary>
    public string Url(string folder) => $"ssh://{Environment.UserName}@127.0.0.1:{Port}{folder}";

    /// <summary>Another key than that of the server.</summary>
    public string KnownHostsOfAnother()
    {
        var other = SshKey.Make(_folder, "other");
        return _folder.Write("known-other", $"[127.0.0.1]:{Port} {other.Public}\n");
    }

    public SshKey Stranger() => SshKey.Make(_folder, "stranger");

    public void Dispose()
    {
        _process.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
