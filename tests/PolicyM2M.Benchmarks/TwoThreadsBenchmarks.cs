using BenchmarkDotNet.Attributes;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks;

/// <summary>Twice as many decisions on two threads as on one, N = 10,000: where nothing is shared but what is read, both take the same time.</summary>
[MemoryDiagnoser]
public class TwoThreadsBenchmarks
{
    private const int Rounds = 50, Requests = 2000;

    private Batch[] _batches = [];

    /// <summary>Draws the workload and compiles it.</summary>
    [GlobalSetup]
    public void Compile()
    {
        Subject subject = AnswersChecked.Of(CommonPolicies.Of(CommonWorkload.Of(10_000)));
        _batches = [.. Enumerable.Range(0, 2).Select(_ => Batch.Raw("", subject.ForThread()))];
    }

    /// <summary>One thread.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Rounds * Requests)]
    public void OneThread() => Run(_batches[0]);

    /// <summary>Two threads, each as many as the one.</summary>
    [Benchmark(OperationsPerInvoke = Rounds * Requests)]
    public void TwoThreads() => Parallel.ForEach(_batches, new ParallelOptions { MaxDegreeOfParallelism = 2 }, Run);

    private static void Run(Batch batch)
    {
        for (int i = 0; i < Rounds; i++)
            batch.Run();
    }
}
