using System.Diagnostics;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Table;
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

    private readonly MeasuredServers _servers = new(ServiceFolder.Of(Rules));

    /// <summary>The names of the sections, which can be measured one by one.</summary>
    public static IEnumerable<string> SectionNames => Sections.Select(section => section.Name);

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

    public void Dispose() => _servers.Dispose();

    private async Task<IEnumerable<TableRow>> ProcessorAsync()
    {
        ServerProcess pdp = _servers.Pdp("data");
        (byte[][] frames, DecideResponse typical) = await _servers.CheckedAsync(pdp, _servers.Pki("data"));
        ServerProcess echo = _servers.Echo(_servers.Pki("data"), typical.ToByteArray());
        using var toPdp = new LoadClient(pdp.Address, _servers.Pki("data"), Concurrency);
        using var toEcho = new LoadClient(echo.Address, _servers.Pki("data"), Concurrency);
        (double[] pdpCost, double[] echoCost, double pdpRate, double echoRate) = await Turns.RunAsync((pdp, count => toPdp.RunAsync(frames, count)), (echo, count => toEcho.RunAsync(frames, count)));
        string detail = $"{TableRow.Number(Figures.MedianOf(pdpCost))} µs against {TableRow.Number(Figures.MedianOf(echoCost))} µs; {TableRow.Number(pdpRate)} against {TableRow.Number(echoRate)} calls a second; "
            + $"request {frames[0].Length - 5} bytes, answer {typical.CalculateSize()} bytes";
        DecideRequest[] requests = [.. _servers.Folder.Requests.Select(request => request.Request)];
        using var asDevice = new GrpcLoad(pdp.Address, _servers.Pki("data"), Concurrency);
        using var asDeviceOfEcho = new GrpcLoad(echo.Address, _servers.Pki("data"), Concurrency);
        (double[] deviceCost, double[] deviceEchoCost, double deviceRate, double deviceEchoRate) =
            await Turns.RunAsync((pdp, count => asDevice.RunAsync(requests, count)), (echo, count => asDeviceOfEcho.RunAsync(requests, count)));
        return [TableRow.AtMost("processor time of the server for a `Decide` at concurrency 32, signed, audit buffered, N = 10,000, against a bare typed echo", InTurns.Ratio(pdpCost, echoCost), 1.1, " ×", detail),
            TableRow.AtMost("… the same asked by a loop of Grpc.Net.Client", InTurns.Ratio(deviceCost, deviceEchoCost), 1.1, " ×",
                $"{TableRow.Number(Figures.MedianOf(deviceCost))} µs against {TableRow.Number(Figures.MedianOf(deviceEchoCost))} µs; {TableRow.Number(deviceRate)} against {TableRow.Number(deviceEchoRate)} calls a second")];
    }

    private async Task<IEnumerable<TableRow>> AuditAsync()
    {
        ServerProcess with = _servers.Pdp("with", "--audit", "buffered"), without = _servers.Pdp("without", "--audit", "off");
        (byte[][] frames, _) = await _servers.CheckedAsync(with, _servers.Pki("with"));
        (byte[][] framesWithout, _) = await _servers.CheckedAsync(without, _servers.Pki("without"));
        using var toWith = new LoadClient(with.Address, _servers.Pki("with"), Concurrency);
        using var toWithout = new LoadClient(without.Address, _servers.Pki("without"), Concurrency);
        await toWithout.RunAsync(framesWithout, Warm);
        (double[] withCost, double[] withoutCost, double withRate, double withoutRate) = await Turns.RunAsync((with, count => toWith.RunAsync(frames, count)), (without, count => toWithout.RunAsync(frames, count)));
        return [TableRow.AtMost("throughput that the audit log costs (buffered against off)", (1 - withRate / withoutRate) * 100, 15, " %",
            $"{TableRow.Number(withRate)} against {TableRow.Number(withoutRate)} calls a second; by processor time {TableRow.Number((InTurns.Ratio(withCost, withoutCost) - 1) * 100)} %")];
    }

    private async Task<IEnumerable<TableRow>> ReloadsAsync()
    {
        ServerProcess pdp = _servers.Pdp("data");
        (byte[][] frames, _) = await _servers.CheckedAsync(pdp, _servers.Pki("data"));
        using var clients = new DevelopmentClients(pdp, _servers.Pki("data"));
        using var load = new PacedLoad(pdp.Address, _servers.Pki("data"), Concurrency);
        await load.RunAsync(frames, Warm);
        double rate = (await load.RunAsync(frames, Calls * 4)).PerSecond / 2;
        TimeSpan time = TimeSpan.FromSeconds(isQuick ? 5 : 15);
        List<double> calm = [], busy = [];
        int reloads = 0;
        // The first change compiles what makes changes, too.
        _servers.Folder.CommitAnother(++reloads);
        while (await clients.ActiveAsync() != _servers.Folder.Head)
            await load.RunAsync(frames, Calls);
        for (int round = 0; round < (isQuick ? 1 : 5); round++)
        {
            Load without = await load.RunAtRateAsync(frames, rate, time);
            using var ending = new CancellationTokenSource();
            Task reloading = Task.Run(async () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    _servers.Folder.CommitAnother(++reloads);
                    await Task.Delay(TimeSpan.FromSeconds(2));
                }
            });
            Load with = await load.RunAtRateAsync(frames, rate, time);
            await ending.CancelAsync();
            await reloading;
            // What is still compiled would be counted as calm in the next round.
            while (await clients.ActiveAsync() != _servers.Folder.Head)
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            calm.Add(without.Percentile(0.99));
            busy.Add(with.Percentile(0.99));
        }
        double[] ratios = [.. busy.Zip(calm, (with, without) => with / without)];
        return [TableRow.AtMost("p99 at half of the maximum rate while a set of 10,000 rules is committed every two seconds, against without", Figures.MedianOf(ratios), 2, " ×",
            $"the median of {ratios.Length} rounds, of {TableRow.Number(Figures.MedianOf(busy) / 1000)} ms against {TableRow.Number(Figures.MedianOf(calm) / 1000)} ms, at {TableRow.Number(rate)} calls a second; the rounds: {string.Join(", ", ratios.Select(TableRow.Number))}; {reloads} commits; no call failed; {TableRow.Number(pdp.ResidentBytes / 1e6)} MB resident in the end; the load and git run on the same two cores")];
    }

    private async Task<IEnumerable<TableRow>> MemoryAsync()
    {
        Directory.CreateDirectory(_servers.Folder.At("data"));
        var devices = new StringBuilder("{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" }");
        for (int i = 0; i < Devices; i++)
            devices.Append(CultureInfo.InvariantCulture, $",\n\"device-{i}\": {{ \"location.site\": \"plant-{i % 40}\", \"lifecycle.state\": \"active\" }}");
        File.WriteAllText(Path.Combine(_servers.Folder.At("data"), "devices.json"), devices.Append("} }").ToString());
        _servers.Pdp("data").Dispose();
        // A start of its own: importing takes more for a moment, and is done once.
        ServerProcess pdp = _servers.Pdp("data");
        (byte[][] frames, DecideResponse typical) = await _servers.CheckedAsync(pdp, _servers.Pki("data"));
        using var load = new LoadClient(pdp.Address, _servers.Pki("data"), Concurrency);
        await load.RunAsync(frames, Calls);
        ServerProcess echo = _servers.Echo(_servers.Pki("data"), typical.ToByteArray());
        using var toEcho = new LoadClient(echo.Address, _servers.Pki("data"), Concurrency);
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
        using ServerProcess pdp = _servers.Pdp("data");
        using var load = new LoadClient(pdp.Address, _servers.Pki("data"), 1);
        await load.RunAsync([ServiceFolder.Frame(_servers.Folder.Requests[0].Request)], 1);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<IEnumerable<TableRow>> StormAsync()
    {
        ServerProcess pdp = _servers.Pdp("data");
        (byte[][] frames, _) = await _servers.CheckedAsync(pdp, _servers.Pki("data"));
        var storm = new Storm(pdp, _servers.Pki("data"), _servers.Folder, frames);
        return await storm.RunAsync(TimeSpan.FromSeconds(isQuick ? 10 : 60));
    }

    private async Task<IEnumerable<TableRow>> WatchersAsync()
    {
        ServerProcess pdp = _servers.Pdp("data", "--connections", "12000", "--connections-per-address", "12000");
        (byte[][] frames, _) = await _servers.CheckedAsync(pdp, _servers.Pki("data"));
        using (var warm = new LoadClient(pdp.Address, _servers.Pki("data"), Concurrency))
            await warm.RunAsync(frames, Calls);
        using var watchers = new Watchers(pdp, _servers.Pki("data"), _servers.Folder);
        return await watchers.RunAsync(isQuick ? 500 : 10_000);
    }

    /// <summary>Over one SQLite file; and over a PostgreSQL database where a variable says how to open it, as <c>--registry-db</c> does.</summary>
    private async Task<IEnumerable<TableRow>> RegistryAsync()
    {
        var rows = new List<TableRow> { await RegistryAsync("SQLite", $"sqlite:{_servers.Folder.At("registry.db")}") };
        if (Environment.GetEnvironmentVariable(RegistryVariable) is { Length: > 0 } database)
            rows.Add(await RegistryAsync("PostgreSQL", database));
        return rows;
    }

    private async Task<TableRow> RegistryAsync(string name, string database)
    {
        string here = $"{name}-here", there = $"{name}-there";
        using var first = new DevelopmentClients(_servers.Pdp(here, "--registry-db", database), _servers.Pki(here));
        using var second = new DevelopmentClients(_servers.Pdp(there, "--registry-db", database), _servers.Pki(there));
        return RegistryChanges.Row(name, await new RegistryChanges(first, second).RunAsync(isQuick ? 20 : 200));
    }

    private async Task<IEnumerable<TableRow>> RollBackAsync()
    {
        using var clients = new DevelopmentClients(_servers.Pdp("data"), _servers.Pki("data"));
        return [await new RollBacks(clients, _servers.Folder).RunAsync(isQuick ? 10 : 100)];
    }

    private int Warm => isQuick ? 150_000 : 400_000;

    private int Calls => isQuick ? 5_000 : 30_000;

    private InTurns Turns => new(Warm, Calls, Rounds: isQuick ? 3 : 9);
}
