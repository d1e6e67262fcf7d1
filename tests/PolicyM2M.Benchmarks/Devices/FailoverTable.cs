using System.Diagnostics;
using System.Reflection;
using PolicyM2M.Benchmarks.Service;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>
/// Two decision points in processes of their own, and a device that prefers the first: how long it takes, from the moment that the first falls silent (SIGSTOP) or is killed, until the device has a live answer from the second.
/// </summary>
internal sealed class FailoverTable : IDisposable
{
    private const int Trials = 5;

    private readonly ServiceFolder _folder = ServiceFolder.Of(100);
    private readonly ServerProcess _first, _second;
    private int _clients;

    private FailoverTable()
    {
        Directory.CreateDirectory(_folder.At("first"));
        File.WriteAllText(Path.Combine(_folder.At("first"), "devices.json"), "{ \"devices\": { \"plc-0042\": { \"location.site\": \"plant-7\" } } }");
        _first = Pdp("first");
        // Of the same authority, as replicas are.
        Directory.CreateDirectory(Path.Combine(_folder.At("second"), "pki"));
        File.Copy(Path.Combine(_folder.At("first"), "devices.json"), Path.Combine(_folder.At("second"), "devices.json"));
        foreach (string file in Directory.GetFiles(Path.Combine(_folder.At("first"), "pki")))
            File.Copy(file, Path.Combine(_folder.At("second"), "pki", Path.GetFileName(file)));
        _second = Pdp("second");
    }

    /// <summary>Measures, and prints the table as Markdown.</summary>
    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> PrintAsync()
    {
        using var table = new FailoverTable();
        var silent = new List<double>();
        for (int i = 0; i < Trials; i++)
        {
            silent.Add(await table.TryAsync("STOP"));
            Signal("CONT", table._first.Id);
        }
        silent.Sort();
        double killed = await table.TryAsync("KILL");
        TableRow[] rows =
        [
            TableRow.AtMost("from the moment that the preferred decision point is silent to a live answer of the next", silent[Trials / 2], 1_000, " ms", $"median of {Trials}, {silent[0]:F0} to {silent[^1]:F0} ms"),
            TableRow.AtMost("… that it is killed", killed, 1_000, " ms", "once"),
        ];
        Console.Out.Write(TableRow.Markdown(rows));
        return rows.All(row => row.IsMet != false);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _folder.Dispose();
    }

    private async Task<double> TryAsync(string signal)
    {
        string pki = Path.Combine(_folder.At("first"), "pki");
        await using PolicyClient client = PolicyClient.Connect(new PolicyClientOptions
        {
            Endpoint = _first.Address,
            FurtherEndpoints = [_second.Address],
            CertificatePath = Path.Combine(pki, "device.pem"),
            KeyPath = Path.Combine(pki, "device-key.pem"),
            TrustPath = Path.Combine(pki, "ca.pem"),
            CachePath = _folder.At($"client-{_clients++}/decisions.m2mc"),
        });
        while ((await client.DecideAsync(DeviceContext.Empty, refresh: true))[0].Source != DecisionSource.Live)
            await Task.Yield();
        Signal(signal, _first.Id);
        long began = Stopwatch.GetTimestamp();
        while ((await client.DecideAsync(DeviceContext.Empty, refresh: true))[0].Source != DecisionSource.Live)
            await Task.Yield();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private ServerProcess Pdp(string data) => ServerProcess.Start(
        typeof(FailoverTable).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "PdpAssembly").Value!,
        "--git", _folder.Repository, "--data", _folder.At(data), "--listen", "127.0.0.1:0");

    private static void Signal(string signal, int process)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
    }
}
