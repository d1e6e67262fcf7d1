using System.Diagnostics;
using Grpc.Core;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>Changes of a device on one replica, until another replica of the same registry has told the device.</summary>
internal sealed class RegistryChanges(DevelopmentClients here, DevelopmentClients there)
{
    private const string Device = "plc-0042";

    /// <summary>Longer than a replica waits between two looks, so that changes come at every moment of it.</summary>
    private const int LongestPause = 700;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Changes it again and again, and says how long each took, in seconds: from the call of the operator on.</summary>
    public async Task<double[]> RunAsync(int changes)
    {
        using var ending = new CancellationTokenSource(Deadline + TimeSpan.FromSeconds(changes));
        using AsyncServerStreamingCall<WatchResponse> watch = new DecisionService.DecisionServiceClient(there.Device).Watch(new WatchRequest(), cancellationToken: ending.Token);
        await NextAsync(watch, ending.Token);
        var devices = new DeviceService.DeviceServiceClient(here.Operator);
        // The same pauses in every run.
        var random = new Random(1);
        var times = new List<double>();
        for (int change = 0; change <= changes; change++)
        {
            await Task.Delay(random.Next(LongestPause), ending.Token);
            long start = Stopwatch.GetTimestamp();
            Task<WatchResponse> heard = NextAsync(watch, ending.Token);
            Device changed = (await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = Device, Risk = change % 2 }, cancellationToken: ending.Token)).Device;
            if ((await heard).DeviceVersion != changed.Version)
                throw new InvalidOperationException("a replica told of another change");
            // The first makes the way there warm.
            if (change > 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return [.. times];
    }

    public static TableRow Row(string database, double[] times) => TableRow.AtMost(
        $"from an operator's change of a device on one replica until another has it and has told the device, the longest of {times.Length} ({database})", times.Max(), 1, " s",
        $"half of them: {TableRow.Number(Figures.MedianOf(times))} s");

    private static async Task<WatchResponse> NextAsync(AsyncServerStreamingCall<WatchResponse> watch, CancellationToken cancellation) =>
        await watch.ResponseStream.MoveNext(cancellation) ? watch.ResponseStream.Current : throw new InvalidOperationException("a watch ended");
}
