using PolicyM2M.Benchmarks.Measuring;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>How two servers are measured side by side.</summary>
/// <param name="Warm">Calls before anything is measured.</param>
/// <param name="Calls">Calls of each in a round.</param>
/// <param name="Rounds">How many rounds.</param>
internal sealed record InTurns(int Warm, int Calls, int Rounds)
{
    /// <summary>Both in turn, round by round, so that whatever else the machine does hits both: processor microseconds for a call, and the best rate of each.</summary>
    public async Task<(double[] First, double[] Second, double FirstRate, double SecondRate)> RunAsync((ServerProcess Server, Func<int, Task<Load>> RunAsync) first, (ServerProcess Server, Func<int, Task<Load>> RunAsync) second)
    {
        List<double>[] costs = [[], []], rates = [[], []];
        (ServerProcess Server, Func<int, Task<Load>> RunAsync)[] both = [first, second];
        foreach ((_, Func<int, Task<Load>> run) in both)
            await run(Warm);
        for (int round = 0; round < Rounds; round++)
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

    /// <summary>The median of what the one costs for what the other does in the same round.</summary>
    public static double Ratio(double[] mine, double[] others) => Figures.MedianOf(mine.Zip(others, (a, b) => a / b));
}
