using System.Collections.Immutable;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>What a batch measured, round by round.</summary>
/// <param name="Name">The batch.</param>
/// <param name="Nanoseconds">Nanoseconds for an operation, in the order of the rounds.</param>
/// <param name="BytesPerOperation">Bytes that an operation allocated on the managed heap, on average.</param>
internal sealed record Figures(string Name, ImmutableArray<double> Nanoseconds, double BytesPerOperation)
{
    public double Median => MedianOf(Nanoseconds);

    /// <summary>How many times as long as another of the same run: the median of the ratios within each round, since what disturbs the machine then hits both.</summary>
    public double RatioTo(Figures other) => MedianOf(Nanoseconds.Zip(other.Nanoseconds, (mine, others) => mine / others));

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
