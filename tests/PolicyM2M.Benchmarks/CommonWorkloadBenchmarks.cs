using BenchmarkDotNet.Attributes;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks;

/// <summary>
/// One decision of the common workload, every way to ask for it, against the hand-written index:
/// <c>dotnet run -c Release --project tests/PolicyM2M.Benchmarks -- --filter '*CommonWorkloadBenchmarks*'</c>.
/// </summary>
[MemoryDiagnoser]
public class CommonWorkloadBenchmarks
{
    private const int Requests = 2000;

    private Func<long> _index = Nothing, _loop = Nothing, _raw = Nothing, _prepared = Nothing, _way = Nothing, _region = Nothing, _explained = Nothing;

    /// <summary>How many rules.</summary>
    [Params(10, 100, 1000, 10_000)]
    public int N { get; set; }

    /// <summary>Draws the workload and compiles it; every answer is checked.</summary>
    [GlobalSetup]
    public void Compile()
    {
        var workload = CommonWorkload.Of(N);
        Subject subject = AnswersChecked.Of(CommonPolicies.Of(workload));
        (_index, _loop) = (Batch.HashIndex("", workload).Run, Batch.NaiveLoop("", workload).Run);
        (_raw, _prepared, _way) = (Batch.Raw("", subject).Run, Batch.Prepared("", subject).Run, Batch.NotingTheWay("", subject).Run);
        (_region, _explained) = (Batch.WithRegion("", subject).Run, Batch.Explained("", subject).Run);
    }

    /// <summary>The line to meet.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public long HandWrittenIndex() => _index();

    /// <summary>What an engine without an index does.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long NaiveLoop() => _loop();

    /// <summary>From plain values.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long FromPlainValues() => _raw();

    /// <summary>From contexts prepared once.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long Prepared() => _prepared();

    /// <summary>From plain values, noting the way from which a region is read.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long NotingTheWay() => _way();

    /// <summary>From plain values, with the region read.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long WithRegion() => _region();

    /// <summary>From plain values, with the rules that determined each field.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public long Explained() => _explained();

    private static long Nothing() => throw new InvalidOperationException("nothing was compiled");
}
