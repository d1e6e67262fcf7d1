using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The server as a process of its own, which gets real signals.</summary>
internal sealed class PdpProcess : IDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly List<IDisposable> _open = [];

    private PdpProcess(bool isInterruptible, string[] options)
    {
        Git.Commit("Test policies", TestPolicies.Files());
        string[] usual = [.. options.Contains("--git") ? Array.Empty<string>() : ["--git", Git.Path], "--data", Data.Path, "--listen", "127.0.0.1:0", "--poll", "0.2"];
        string[] command = ["dotnet", typeof(PdpOptions).Assembly.Location, .. usual, .. options];
        // What a shell starts in the background ignores SIGINT, and so does what that starts.
        if (isInterruptible)
            command = ["env", "--default-signal=INT", .. command];
        Process = RunningProcess.Start(command[0], command[1..], _data.Path);
    }

    public TemporaryGitRepository Git { get; } = new();

    public RunningProcess Process { get; }

    public DataFolder Data => new(_data["data"]);

    public string Address { get; private set; } = "";

    /// <summary>Where health and metrics are told, where that was asked for.</summary>
    public string Monitor { get; private set; } = "";

    /// <summary>Starts it so that Ctrl+C ends it, and waits for nothing.</summary>
    public static PdpProcess Begin(params string[] options) => new(isInterruptible: true, options);

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<PdpProcess> StartAsync(params string[] options)
    {
        var pdp = new PdpProcess(isInterruptible: false, options);
        pdp.Address = (await pdp.Process.NextLineAsync(line => line.Contains("listening on ", StringComparison.Ordinal), "address")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        await pdp.Process.NextLineAsync(line => line.StartsWith("Ctrl+C", StringComparison.Ordinal), "end of its greeting");
        const string Told = "health and metrics are told at ";
        if (options.Contains("--monitor"))
        {
            // Standard error is another stream, whose lines may come late.
            string[] lines = await RunningPdp.Eventually(() => Task.FromResult(pdp.Process.Transcript.Split('\n')), lines => lines.Any(line => line.Contains(Told, StringComparison.Ordinal)));
            string line = lines.First(line => line.Contains(Told, StringComparison.Ordinal));
            pdp.Monitor = line[(line.IndexOf(Told, StringComparison.Ordinal) + Told.Length)..].Split('"')[0];
        }
        return pdp;
    }

    /// <summary>A channel of a caller whose development certificate the server made.</summary>
    public GrpcChannel ChannelOf(string name)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(Data.Certificate(name), Data.Key(name));
        GrpcChannel channel = RunningPdp.Channel(Data, Address, certificate);
        _open.AddRange([channel, certificate]);
        return channel;
    }

    public void Dispose()
    {
        _open.ForEach(open => open.Dispose());
        Process.Dispose();
        Git.Dispose();
        _data.Dispose();
    }
}
