using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PolicyM2M.Testing;

/// <summary>A real PostgreSQL server in a temporary folder, on a free port of the loopback interface. It can be stopped and started again.</summary>
public sealed class TemporaryPostgres : IDisposable
{
    /// <summary>The superuser of the cluster.</summary>
    public const string User = "m2m";

    /// <summary>PostgreSQL refuses to run as root: Debian's package makes this account for it.</summary>
    private const string Account = "postgres";

    private const int Attempts = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly string _programs;
    private int _databases;
    private bool _isRunning;

    /// <summary>Makes a cluster and starts it.</summary>
    public TemporaryPostgres()
    {
        // Where it is in PATH, it may be a link to where the others are.
        string initdb = RequiredProgram.InitDb.Require(DebianFolders());
        _programs = Path.GetDirectoryName(File.ResolveLinkTarget(initdb, returnFinalTarget: true)?.FullName ?? initdb)!;
        if (Environment.IsPrivilegedProcess)
            FinishedProcess.Run("chown", [Account, _folder.Path]).Succeeded();
        AsOwner("initdb", "--pgdata", Cluster, "--username", User, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync").Succeeded();
        // A port that was free a moment ago may be somebody else's by now.
        for (int attempt = 1; !_isRunning; attempt++)
        {
            Port = FreePort();
            FinishedProcess start = TryStart();
            if (attempt == Attempts)
                start.Succeeded();
        }
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; private set; }

    private string Cluster => _folder["cluster"];

    /// <summary>Makes an empty database and gives what connects to it.</summary>
    public string CreateDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        FinishedProcess.Run(Path.Combine(_programs, "createdb"), ["--host", "127.0.0.1", "--port", $"{Port}", "--username", User, name]).Succeeded();
        return $"Host=127.0.0.1;Port={Port};Username={User};Database={name}";
    }

    /// <summary>Starts it, and returns when it takes connections.</summary>
    public void Start() => TryStart().Succeeded();

    /// <summary>Stops it and cuts off who is connected.</summary>
    public void Stop()
    {
        AsOwner("pg_ctl", "stop", "--pgdata", Cluster, "--mode", "immediate", "--wait").Succeeded();
        _isRunning = false;
    }

    /// <summary>Stops it where it runs, and deletes the cluster.</summary>
    public void Dispose()
    {
        if (_isRunning)
            Stop();
        _folder.Dispose();
    }

    private FinishedProcess TryStart()
    {
        string options = $"-c listen_addresses=127.0.0.1 -p {Port} -c unix_socket_directories= -c fsync=off -c max_connections=60";
        FinishedProcess start = AsOwner("pg_ctl", "start", "--pgdata", Cluster, "--log", _folder["log"], "--wait", "--timeout", "60", "--options", options);
        _isRunning = start.ExitCode == 0;
        return start;
    }

    private FinishedProcess AsOwner(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        return Environment.IsPrivilegedProcess
            ? FinishedProcess.Run("runuser", ["-u", Account, "--", path, .. arguments], _folder.Path)
            : FinishedProcess.Run(path, arguments, _folder.Path);
    }

    private static string[] DebianFolders() => Directory.Exists("/usr/lib/postgresql")
        ? [.. Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"))]
        : [];

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
