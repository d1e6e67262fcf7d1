using BenchmarkDotNet.Attributes;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;

namespace PolicyM2M.Benchmarks;

/// <summary>A thousand policies with ten rules each, against one of the same make.</summary>
[MemoryDiagnoser]
public class ManyPoliciesBenchmarks
{
    private const int Contexts = 500;

    private Batch? _one, _many;

    /// <summary>Whether each policy is for a site of its own; otherwise all speak for every device.</summary>
    [Params(true, false)]
    public bool HasTargets { get; set; }

    /// <summary>Draws the sets and compiles them; every answer is checked.</summary>
    [GlobalSetup]
    public void Draw()
    {
        Func<int, GeneratedSet> of = HasTargets ? ManyPolicies.ForSites : ManyPolicies.ForAll;
        (_one, _many) = (Batch.Raw("", AnswersChecked.Of(of(1))), Batch.Raw("", AnswersChecked.Of(of(ManyPolicies.UsualPolicies))));
    }

    /// <summary>One policy.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Contexts)]
    public long OnePolicy() => _one!.Run();

    /// <summary>A thousand.</summary>
    [Benchmark(OperationsPerInvoke = Contexts)]
    public long ThousandPolicies() => _many!.Run();
}
