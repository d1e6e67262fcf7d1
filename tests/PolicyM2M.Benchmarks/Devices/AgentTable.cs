using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using Grpc.Net.Client;
using PolicyM2M.Benchmarks.Service;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>
/// The agent as a program (publish-agent.sh), with the bundle of 10,000 rules and a decision for each of the workload's contexts in its store: how long a start takes until it answers, while no decision point is to be
/// reached, and how much memory it has then.
/// </summary>
internal sealed class AgentTable : IDisposable
{
    private const int Rules = 10_000;

    private readonly ServiceFolder _folder = ServiceFolder.Of(Rules);
    private readonly string _program;
    private readonly string _socket;
    private ServerProcess? _pdp;

    private AgentTable(string program)
    {
        _program = program;
        _socket = _folder.At("agent.sock");
    }

    /// <summary>Measures, and prints the table as Markdown.</summary>
    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> PrintAsync(string program, bool isQuick)
    {
        using var table = new AgentTable(program);
        int kept = await table.FillAsync();
        var starts = new List<(double Milliseconds, double Processor, long Resident)>();
        for (int i = 0; i < (isQuick ? 5 : 20); i++)
            starts.Add(await table.StartAsync());
        starts.Sort();
        (double median, double processor, long resident) = starts[starts.Count / 2];
        TableRow[] rows =
        [
            TableRow.AtMost($"agent, from the start of its process to its first answer, {Rules:#,0} rules in the bundle and {kept:#,0} decisions kept", median, 150, " ms", $"median of {starts.Count}, {starts[0].Milliseconds:F0} to {starts[^1].Milliseconds:F0} ms"),
            TableRow.Told("processor time that it has used then", $"{processor:F0} ms"),
            TableRow.Told("memory that it has resident then", $"{resident / 1e6:F1} MB"),
        ];
        Console.Out.Write(TableRow.Markdown(rows));
        return rows.All(row => row.IsMet != false);
    }

    public void Dispose()
    {
        _pdp?.Dispose();
        _folder.Dispose();
    }

    /// <summary>Starts a decision point and the agent, asks for every context, and ends both, so that all lies in the store.</summary>
    /// <returns>How many answers came.</returns>
    private async Task<int> FillAsync()
    {
        Directory.CreateDirectory(_folder.At("data"));
        File.WriteAllText(Path.Combine(_folder.At("data"), "devices.json"), "{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" } } }");
        _pdp = ServerProcess.Start(typeof(AgentTable).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "PdpAssembly").Value!,
            "--git", _folder.Repository, "--data", _folder.At("data"), "--listen", "127.0.0.1:0", "--rate", "1000000");
        string pki = Path.Combine(_folder.At("data"), "pki");
        File.WriteAllText(_folder.At("agent.json"), $$"""
            {
              "pdp": ["{{_pdp.Address.GetLeftPart(UriPartial.Authority)}}"], "certificate": "{{pki}}/gateway.pem", "key": "{{pki}}/gateway-key.pem", "trust": "{{pki}}/ca.pem",
              "state": "{{_folder.At("state")}}", "socket": { "path": "{{_socket}}", "mode": "600" }, "callers": [ { "user": "{{Environment.UserName}}", "devices": ["self"] } ]
            }
            """);
        using Process agent = Begin();
        while (await agent.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("bundle-held", StringComparison.Ordinal))
        {
            // What it says before is of no interest here.
        }
        using GrpcChannel channel = Channel();
        var client = new DecisionService.DecisionServiceClient(channel);
        int answers = 0;
        foreach ((DecideRequest request, _) in _folder.Requests)
            answers += (await client.DecideAsync(request)).SignedDecisions.Count;
        await EndAsync(agent);
        _pdp.Dispose();
        return answers;
    }

    private async Task<(double Milliseconds, double Processor, long Resident)> StartAsync()
    {
        long began = Stopwatch.GetTimestamp();
        using Process agent = Begin();
        // Looks often enough not to be what is measured, and not so often as to take a core from the agent.
        while (!Answers())
            await Task.Delay(1);
        using GrpcChannel channel = Channel();
        DecideResponse answer = await new DecisionService.DecisionServiceClient(channel).DecideAsync(_folder.Requests[0].Request);
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (answer.SignedDecisions.Count != 1)
            throw new InvalidOperationException("the answer is not the decision that was kept");
        agent.Refresh();
        (double processor, long resident) = (agent.TotalProcessorTime.TotalMilliseconds, agent.WorkingSet64);
        await EndAsync(agent);
        return (milliseconds, processor, resident);
    }

    private Process Begin()
    {
        Process agent = Process.Start(new ProcessStartInfo(_program, ["run", "--config", _folder.At("agent.json")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        agent.ErrorDataReceived += (_, _) => { };
        agent.BeginErrorReadLine();
        return agent;
    }

    private static async Task EndAsync(Process agent)
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{agent.Id}"]))
            await kill.WaitForExitAsync();
        await agent.StandardOutput.ReadToEndAsync();
        await agent.WaitForExitAsync();
    }

    private bool Answers()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(_socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private GrpcChannel Channel() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ending) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), ending);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    });
}
