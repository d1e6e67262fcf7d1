using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Connections with the openssl command as the other end.</summary>
internal static class OpenSslPeer
{
    /// <summary>A server of openssl that runs until it is disposed, and the port that it listens on. It sends back each line, reversed; a line <c>CLOSE</c> ends the connection.</summary>
    public static async Task<(RunningProcess Process, int Port)> ServeAsync(TlsWorld world, X509Certificate2 shown, params string[] options)
    {
        string[] body = options.Contains("-www") ? [] : ["-rev"];
        return await ReadyAsync(RunningProcess.Start(RequiredProgram.OpenSsl.Require(), [.. ServerArguments(world, shown), .. body, .. options], world.Folder.Path));
    }

    /// <summary>A session of a server that takes early data, in a file.</summary>
    public static async Task<string> EarlyDataSessionAsync(TlsWorld world)
    {
        using X509Certificate2 shown = world.Authority.Issue(TlsWorld.Server);
        string session = world.Folder["session.pem"];
        (RunningProcess server, int port) = await ReadyAsync(StartTalking(world, [.. ServerArguments(world, shown), "-early_data"]));
        using (server)
        using (StartTalking(world, ["s_client", "-connect", $"127.0.0.1:{port}", "-sess_out", session]))
        {
            // It says nothing before it ends: what it prints into a pipe it keeps back.
            while (!File.Exists(session) || !File.ReadAllText(session).Contains("-----END", StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.CurrentContext.CancellationToken);
        }
        return session;
    }

    /// <summary>An openssl that reads its terminal, on which nobody types: it takes early data in no other mode, and hangs up where the terminal does.</summary>
    private static RunningProcess StartTalking(TlsWorld world, string[] arguments) =>
        RunningProcess.Start("sh", ["-c", "program=$1; shift; sleep 300 | \"$program\" \"$@\"", "sh", RequiredProgram.OpenSsl.Require(), .. arguments], world.Folder.Path);

    /// <summary>The same, with a certificate as these terms say.</summary>
    public static async Task<(RunningProcess Process, int Port)> ServeAsync(TlsWorld world, CertificateTerms terms, params string[] options)
    {
        using X509Certificate2 shown = world.Authority.Issue(terms);
        return await ServeAsync(world, shown, options);
    }

    /// <summary>Our client to a server on this machine.</summary>
    public static async Task<EnforcedConnection> ConnectAsync(TlsEnforcer enforcer, int port)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        return await enforcer.ConnectAsync(tcp.GetStream(), TlsWorld.Host);
    }

    /// <summary>Our client to a server of openssl that is there for this connection only.</summary>
    public static async Task<EnforcedConnection> ConnectAsync(TlsWorld world, TlsEnforcer enforcer, CertificateTerms terms, params string[] options)
    {
        (RunningProcess process, int port) = await ServeAsync(world, terms, options);
        using (process)
            return await ConnectAsync(enforcer, port);
    }

    /// <summary>Our server against a client of openssl, which says what it saw.</summary>
    public static async Task<(EnforcedConnection? Connection, EnforcementException? Refused, FinishedProcess Client)> AcceptAsync(TlsWorld world, TlsEnforcer enforcer, params string[] options)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string program = RequiredProgram.OpenSsl.Require();
        Task<FinishedProcess> client = Task.Run(() => FinishedProcess.Run(program,
            ["s_client", "-connect", $"127.0.0.1:{port}", "-CAfile", world.CaFile, "-ign_eof", .. options], world.Folder.Path));
        using TcpClient tcp = await listener.AcceptTcpClientAsync();
        try
        {
            EnforcedConnection connection = await enforcer.AcceptAsync(tcp.GetStream());
            await connection.Stream.WriteAsync("welcome\n"u8.ToArray());
            await connection.DisposeAsync();
            return (connection, null, await client);
        }
        catch (EnforcementException refused)
        {
            return (null, refused, await client);
        }
    }

    private static string[] ServerArguments(TlsWorld world, X509Certificate2 shown)
    {
        (string certificate, string key) = world.Write("peer", shown);
        return ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-CAfile", world.CaFile];
    }

    private static async Task<(RunningProcess Process, int Port)> ReadyAsync(RunningProcess process)
    {
        string ready = await process.NextLineAsync(line => line.StartsWith("ACCEPT", StringComparison.Ordinal), "address that it listens on");
        return (process, int.Parse(ready[(ready.LastIndexOf(':') + 1)..]));
    }

    /// <summary>The options by which a client of openssl shows a certificate.</summary>
    public static string[] Showing(TlsWorld world, CertificateTerms terms)
    {
        (string certificate, string key) = world.Write("client", world.Authority.Issue(terms));
        return ["-cert", certificate, "-key", key];
    }
}
