using System.Reflection;
using Google.Protobuf;
using Grpc.Net.Client;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>The processes that are measured, over one folder: decision points with a data folder each, and bare servers to compare with. They end with it.</summary>
internal sealed class MeasuredServers(ServiceFolder folder) : IDisposable
{
    private readonly List<ServerProcess> _servers = [];

    /// <summary>The repository that they serve, and the requests.</summary>
    public ServiceFolder Folder => folder;

    private static string PdpAssembly { get; } = typeof(MeasuredServers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == nameof(PdpAssembly)).Value!;

    /// <summary>Where the development credentials of a server are.</summary>
    public string Pki(string data) => Path.Combine(Folder.At(data), "pki");

    /// <summary>A decision point whose registry says nothing that the requests claim.</summary>
    public ServerProcess Pdp(string data, params string[] more)
    {
        string devices = Path.Combine(Directory.CreateDirectory(Folder.At(data)).FullName, "devices.json");
        if (!File.Exists(devices))
            File.WriteAllText(devices, "{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" } } }");
        var server = ServerProcess.Start(PdpAssembly, ["--git", Folder.Repository, "--data", Folder.At(data), "--listen", "127.0.0.1:0", "--rate", "1000000", "--calls", "100000", "--poll", "0.2", .. more]);
        _servers.Add(server);
        return server;
    }

    /// <summary>A bare server that answers each call with these bytes.</summary>
    public ServerProcess Echo(string pki, byte[] answer)
    {
        File.WriteAllBytes(Folder.At("answer"), answer);
        var server = ServerProcess.Start(typeof(MeasuredServers).Assembly.Location, EchoServer.Command, pki, Folder.At("answer"));
        _servers.Add(server);
        return server;
    }

    /// <summary>The requests as frames, each told which statement the device has; all answers are held against the naive evaluator's.</summary>
    public async Task<(byte[][] Frames, DecideResponse Typical)> CheckedAsync(ServerProcess pdp, string pki)
    {
        using var channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki), DisposeHttpClient = true });
        var client = new DecisionService.DecisionServiceClient(channel);
        var trusted = TrustedKeys.Of((await client.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
        DecideResponse first = await client.DecideAsync(Folder.Requests[0].Request);
        ByteString known = ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(first.Statement.Payload.Span));
        DecideResponse typical = first;
        foreach ((DecideRequest request, ExpectedAnswer expected) in Folder.Requests)
        {
            request.KnownStatement = known;
            DecideResponse answer = await client.DecideAsync(request);
            if (!expected.IsSaidBy(trusted.Decision(answer.SignedDecisions.Single()).Outcome))
                throw new InvalidOperationException($"wrong answer to {request}");
            if (answer.CalculateSize() is var size && size > typical.CalculateSize() / 2 && answer.Statement is null)
                typical = answer;
        }
        return ([.. Folder.Requests.Select(request => ServiceFolder.Frame(request.Request))], typical);
    }

    public void Dispose()
    {
        foreach (ServerProcess server in _servers)
            server.Dispose();
        folder.Dispose();
    }
}
