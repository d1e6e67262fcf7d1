using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Google.Protobuf;
using Grpc.Net.Client;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>The speed table of the decision point: real processes, real TLS, a policy set with 10,000 rules. Every answer is checked before anything is timed.</summary>
internal sealed class ServiceTable(bool isQuick) : IDisposable
{
    private const int Rules = 10_000, Devices = 100_000, Concurrency = 32;

    private static readonly (string Name, Func<ServiceTable, Task<IEnumerable<TableRow>>> Measure)[] Sections =
    [
        ("processor", table => table.ProcessorAsync()),
        ("audit", table => table.AuditAsync()),
        ("reloads", table => table.ReloadsAsync()),
        ("memory", table => table.MemoryAsync()),
        ("start", table => table.StartAsync()),
        ("storm", table => table.StormAsync()),
        ("watchers", table => table.WatchersAsync()),
        ("registry", table => table.RegistryAsync()),
        ("roll-back", table => table.RollBackAsync()),
    ];

    private const string RegistryVariable = "POLICYM2M_BENCHMARK_REGISTRY";

    private readonly ServiceFolder _folder = ServiceFolder.Of(Rules);
    private readonly List<ServerProcess> _servers = [];

    /// <summary>The names of the sections, which can be measured one by one.</summary>
    public static IEnumerable<string> SectionNames => Sections.Select(section => section.Name);

    private static string PdpAssembly { get; } = typeof(ServiceTable).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == nameof(PdpAssembly)).Value!;

    /// <summary>Measures, and prints the table as Markdown.</summary>
    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> PrintAsync(IReadOnlyCollection<string> only, bool isQuick)
    {
        var rows = new List<TableRow>();
        foreach ((string name, Func<ServiceTable, Task<IEnumerable<TableRow>>> measure) in Sections.Where(section => only.Count == 0 || only.Contains(section.Name)))
        {
            long start = Stopwatch.GetTimestamp();
            Console.Error.Write($"{name} …");
            using var table = new ServiceTable(isQuick);
            try
            {
                rows.AddRange(await measure(table));
            }
            catch (Exception fault) when (fault is InvalidOperationException or HttpRequestException or Grpc.Core.RpcException)
            {
                rows.Add(TableRow.NotMeasured(name, fault.Message));
            }
            Console.Error.WriteLine($" {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
        }
        Console.Out.Write(TableRow.Markdown(rows));
        return rows.All(row => row.IsMet != false);
    }

    public void Dispose()
    {
        foreach (ServerProcess server in _servers)
            server.Dispose();
        _folder.Dispose();
    }

    private string Pki(string data) => Path.Combine(_folder.At(data), "pki");

    /// <summary>A decision point whose registry says nothing that the requests claim.</summary>
    private ServerProcess Pdp(string data, params string[] more)
    {
        string devices = Path.Combine(Directory.CreateDirectory(_folder.At(data)).FullName, "devices.json");
        if (!File.Exists(devices))
            File.WriteAllText(devices, "{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" } } }");
        var server = ServerProcess.Start(PdpAssembly, ["--git", _folder.Repository, "--data", _folder.At(data), "--listen", "127.0.0.1:0", "--rate", "1000000", "--calls", "100000", "--poll", "0.2", .. more]);
        _servers.Add(server);
        return server;
    }

    private ServerProcess Echo(string pki, byte[] answer)
    {
        File.WriteAllBytes(_folder.At("answer"), answer);
        var server = ServerProcess.Start(typeof(ServiceTable).Assembly.Location, EchoServer.Command, pki, _folder.At("answer"));
        _servers.Add(server);
        return server;
    }

    /// <summary>The requests as frames, each told which statement the device has; all answers are held against the naive evaluator's.</summary>
    private async Task<(byte[][] Frames, DecideResponse Typical)> CheckedAsync(ServerProcess pdp, string pki)
    {
        using var channel = GrpcChannel.ForAddress(pdp.Address, new GrpcChannelOptions { HttpHandler = LoadClient.Handler(pki), DisposeHttpClient = true });
        var client = new DecisionService.DecisionServiceClient(channel);
        var trusted = TrustedKeys.Of((await client.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
        DecideResponse first = await client.DecideAsync(_folder.Requests[0].Request);
        ByteString known = ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(first.Statement.Payload.Span));
        DecideResponse typical = first;
        foreach ((DecideRequest request, ExpectedAnswer expected) in _folder.Requests)
        {
            request.KnownStatement = known;
            DecideResponse answer = await client.DecideAsync(request);
            if (!expected.IsSaidBy(trusted.Decision(answer.SignedDecisions.Single()).Outcome))
                throw new InvalidOperationException($"wrong answer to {request}");
            if (answer.CalculateSize() is var size && size > typical.CalculateSize() / 2 && answer.Statement is null)
                typical = answer;
        }
        return ([.. _folder.Requests.Select(request => ServiceFolder.Frame(request.Request))], typical);
    }

    private async Task<IEnumerable<TableRow>> ProcessorAsync()
    {
        ServerProcess pdp = Pdp("data");
        (byte[][] frames, DecideResponse typical) = await CheckedAsync(pdp, Pki("data"));
        ServerProcess echo = Echo(Pki("data"), typical.ToByteArray());
        using var toPdp = new LoadClient(pdp.Address, Pki("data"), Concurrency);
        using var toEcho = new LoadClient(echo.Address, Pki("data"), Concurrency);
        (double[] pdpCost, double[] echoCost, double pdpRate, double echoRate) = await InTurnsAsync((pdp, count => toPdp.RunAsync(frames, count)), (echo, count => toEcho.RunAsync(frames, count)));
        string detail = $"{TableRow.Number(Figures.MedianOf(pdpCost))} µs against {TableRow.Number(Figures.MedianOf(echoCost))} µs; {TableRow.Number(pdpRate)} against {TableRow.Number(echoRate)} calls a second; "
            + $"request {frames[0].Length - 5} bytes, answer {typical.CalculateSize()} bytes";
        DecideRequest[] requests = [.. _folder.Requests.Select(request => request.Request)];
        using var asDevice = new GrpcLoad(pdp.Address, Pki("data"), Concurrency);
        using var asDeviceOfEcho = new GrpcLoad(echo.Address, Pki("data"), Concurrency);
        (double[] deviceCost, double[] deviceEchoCost, double deviceRate, double deviceEchoRate) =
            await InTurnsAsync((pdp, count => asDevice.RunAsync(requests, count)), (echo, count => asDeviceOfEcho.RunAsync(requests, count)));
        return [TableRow.AtMost("processor time of the server for a `Decide` at concurrency 32, signed, audit buffered, N = 10,000, against a bare typed echo", Ratio(pdpCost, echoCost), 1.1, " ×", detail),
            TableRow.AtMost("… the same asked by a loop of Grpc.Net.Client", Ratio(deviceCost, deviceEchoCost), 1.1, " ×",
                $"{TableRow.Number(Figures.MedianOf(deviceCost))} µs against {TableRow.Number(Figures.MedianOf(deviceEchoCost))} µs; {TableRow.Number(deviceRate)} against {TableRow.Number(deviceEchoRate)} calls a second")];
    }

    private async Task<IEnumerable<TableRow>> AuditAsync()
    {
        ServerProcess with = Pdp("with", "--audit", "buffered"), without = Pdp("without", "--audit", "off");
        (byte[][] frames, _) = await CheckedAsync(with, Pki("with"));
        (byte[][] framesWithout, _) = await CheckedAsync(without, Pki("without"));
        using var toWith = new LoadClient(with.Address, Pki("with"), Concurrency);
        using var toWithout = new LoadClient(without.Address, Pki("without"), Concurrency);
        await toWithout.RunAsync(framesWithout, Warm);
        (double[] withCost, double[] withoutCost, double withRate, double withoutRate) = await InTurnsAsync((with, count => toWith.RunAsync(frames, count)), (without, count => toWithout.RunAsync(frames, count)));
        return [TableRow.AtMost("throughput that the audit log costs (buffered against off)", (1 - withRate / withoutRate) * 100, 15, " %",
            $"{TableRow.Number(withRate)} against {TableRow.Number(withoutRate)} calls a second; by processor time {TableRow.Number((Ratio(withCost, withoutCost) - 1) * 100)} %")];
    }

    private async Task<IEnumerable<TableRow>> ReloadsAsync()
    {
        ServerProcess pdp = Pdp("data");
        (byte[][] frames, _) = await CheckedAsync(pdp, Pki("data"));
        using var load = new LoadClient(pdp.Address, Pki("data"), Concurrency);
        await load.RunAsync(frames, Warm);
        double rate = (await load.RunAsync(frames, Calls)).PerSecond / 2;
        TimeSpan time = TimeSpan.FromSeconds(isQuick ? 5 : 15);
        var ratios = new List<double>();
        double calm = 0, busy = 0;
        int reloads = 0;
        for (int round = 0; round < (isQuick ? 1 : 3); round++)
        {
            Load without = await load.RunAtRateAsync(frames, rate, time);
            using var ending = new CancellationTokenSource();
            Task reloading = Task.Run(async () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    _folder.CommitAnother(++reloads);
                    await Task.Delay(TimeSpan.FromSeconds(2));
                }
            });
            Load with = await load.RunAtRateAsync(frames, rate, time);
            await ending.CancelAsync();
            await reloading;
            (calm, busy) = (without.Percentile(0.99), with.Percentile(0.99));
            ratios.Add(busy / calm);
        }
        return [TableRow.AtMost("p99 at half of the maximum rate while a set of 10,000 rules is committed every two seconds, against without", Figures.MedianOf(ratios), 2, " ×",
            $"{TableRow.Number(busy / 1000)} ms against {TableRow.Number(calm / 1000)} ms in the last round, at {TableRow.Number(rate)} calls a second; {reloads} commits; no call failed; the load and git run on the same two cores")];
    }

    private async Task<IEnumerable<TableRow>> MemoryAsync()
    {
        Directory.CreateDirectory(_folder.At("data"));
        var devices = new StringBuilder("{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" }");
        for (int i = 0; i < Devices; i++)
            devices.Append(CultureInfo.InvariantCulture, $",\n\"device-{i}\": {{ \"location.site\": \"plant-{i % 40}\", \"lifecycle.state\": \"active\" }}");
        File.WriteAllText(Path.Combine(_folder.At("data"), "devices.json"), devices.Append("} }").ToString());
        Pdp("data").Dispose();
        // A start of its own: importing takes more for a moment, and is done once.
        ServerProcess pdp = Pdp("data");
        (byte[][] frames, DecideResponse typical) = await CheckedAsync(pdp, Pki("data"));
        using var load = new LoadClient(pdp.Address, Pki("data"), Concurrency);
        await load.RunAsync(frames, Calls);
        ServerProcess echo = Echo(Pki("data"), typical.ToByteArray());
        using var toEcho = new LoadClient(echo.Address, Pki("data"), Concurrency);
        await toEcho.RunAsync(frames, Calls);
        return [TableRow.AtMost("resident memory with 10,000 rules and 100,000 devices, after load", pdp.ResidentBytes / 1e6, 250, " MB", $"the bare echo: {TableRow.Number(echo.ResidentBytes / 1e6)} MB")];
    }

    private async Task<IEnumerable<TableRow>> StartAsync()
    {
        double first = await StartOnceAsync();
        var times = new List<double>();
        for (int i = 0; i < (isQuick ? 3 : 7); i++)
            times.Add(await StartOnceAsync());
        return
        [
            TableRow.AtMost("from the start of the process to the first answer, 10,000 rules", Figures.MedianOf(times), 2, " s", "with its handshake; what the commit compiled to is at hand"),
            TableRow.Told("… the first start of all, which compiles and makes its keys", $"{TableRow.Number(first)} s"),
        ];
    }

    private async Task<double> StartOnceAsync()
    {
        long start = Stopwatch.GetTimestamp();
        using ServerProcess pdp = Pdp("data");
        using var load = new LoadClient(pdp.Address, Pki("data"), 1);
        await load.RunAsync([ServiceFolder.Frame(_folder.Requests[0].Request)], 1);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<IEnumerable<TableRow>> StormAsync()
    {
        ServerProcess pdp = Pdp("data");
        (byte[][] frames, _) = await CheckedAsync(pdp, Pki("data"));
        var storm = new Storm(pdp, Pki("data"), _folder, frames);
        return await storm.RunAsync(TimeSpan.FromSeconds(isQuick ? 10 : 60));
    }

    private async Task<IEnumerable<TableRow>> WatchersAsync()
    {
        ServerProcess pdp = Pdp("data", "--connections", "12000");
        (byte[][] frames, _) = await CheckedAsync(pdp, Pki("data"));
        using (var warm = new LoadClient(pdp.Address, Pki("data"), Concurrency))
            await warm.RunAsync(frames, Calls);
        using var watchers = new Watchers(pdp, Pki("data"), _folder);
        return await watchers.RunAsync(isQuick ? 500 : 10_000);
    }

    /// <summary>Over one SQLite file; and over a PostgreSQL database where a variable says how to open it, as <c>--registry-db</c> does.</summary>
    private async Task<IEnumerable<TableRow>> RegistryAsync()
    {
        var rows = new List<TableRow> { await RegistryAsync("SQLite", $"sqlite:{_folder.At("registry.db")}") };
        if (Environment.GetEnvironmentVariable(RegistryVariable) is { Length: > 0 } database)
            rows.Add(await RegistryAsync("PostgreSQL", database));
        return rows;
    }

    private async Task<TableRow> RegistryAsync(string name, string database)
    {
        string here = $"{name}-here", there = $"{name}-there";
        using var first = new DevelopmentClients(Pdp(here, "--registry-db", database), Pki(here));
        using var second = new DevelopmentClients(Pdp(there, "--registry-db", database), Pki(there));
        return RegistryChanges.Row(name, await new RegistryChanges(first, second).RunAsync(isQuick ? 20 : 200));
    }

    private async Task<IEnumerable<TableRow>> RollBackAsync()
    {
        using var clients = new DevelopmentClients(Pdp("data"), Pki("data"));
        return [await new RollBacks(clients, _folder).RunAsync(isQuick ? 10 : 100)];
    }

    private int Warm => isQuick ? 20_000 : 400_000;

    private int Calls => isQuick ? 5_000 : 30_000;

    /// <summary>Both in turn, round by round, so that whatever else the machine does hits both: processor microseconds for a call, and the best rate of each.</summary>
    private async Task<(double[] First, double[] Second, double FirstRate, double SecondRate)> InTurnsAsync((ServerProcess Server, Func<int, Task<Load>> RunAsync) first, (ServerProcess Server, Func<int, Task<Load>> RunAsync) second)
    {
        List<double>[] costs = [[], []], rates = [[], []];
        (ServerProcess Server, Func<int, Task<Load>> RunAsync)[] both = [first, second];
        foreach ((_, Func<int, Task<Load>> run) in both)
            await run(Warm);
        for (int round = 0; round < (isQuick ? 3 : 9); round++)
        {
            for (int i = 0; i < both.Length; i++)
            {
                double before = both[i].Server.ProcessorMicroseconds;
                Load ran = await both[i].RunAsync(Calls);
                costs[i].Add((both[i].Server.ProcessorMicroseconds - before) / Calls);
                rates[i].Add(ran.PerSecond);
            }
        }
        return ([.. costs[0]], [.. costs[1]], Figures.MedianOf(rates[0]), Figures.MedianOf(rates[1]));
    }

    private static double Ratio(double[] mine, double[] others) => Figures.MedianOf(mine.Zip(others, (a, b) => a / b));
}
