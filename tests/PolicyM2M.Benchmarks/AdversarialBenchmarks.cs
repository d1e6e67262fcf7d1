using BenchmarkDotNet.Attributes;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Compiler;

namespace PolicyM2M.Benchmarks;

/// <summary>Sets that are made to hurt, 5,000 rules each.</summary>
[MemoryDiagnoser]
public class AdversarialBenchmarks
{
    private const int Contexts = 500;

    private IReadOnlyList<SourceFile> _sources = [];
    private Batch? _raw, _prepared;

    /// <summary>The names of the sets.</summary>
    public static IEnumerable<string> Names => AdversarialSets.All.Select(set => set.Name);

    /// <summary>Which set.</summary>
    [ParamsSource(nameof(Names))]
    public string Set { get; set; } = "";

    /// <summary>Draws the set and compiles it; every answer is checked.</summary>
    [GlobalSetup]
    public void Draw()
    {
        GeneratedSet set = AllSets.Named(Set) ?? throw new InvalidOperationException($"there is no set {Set}");
        _sources = set.Sources();
        Subject subject = AnswersChecked.Of(set);
        (_raw, _prepared) = (Batch.Raw("", subject), Batch.Prepared("", subject));
    }

    /// <summary>From plain values.</summary>
    [Benchmark(OperationsPerInvoke = Contexts)]
    public long FromPlainValues() => _raw!.Run();

    /// <summary>From contexts prepared once.</summary>
    [Benchmark(OperationsPerInvoke = Contexts)]
    public long Prepared() => _prepared!.Run();

    /// <summary>From text to a bundle.</summary>
    [Benchmark]
    public string Compile() => PolicyCompiler.Compile(_sources).Bundle!.Hash;
}
