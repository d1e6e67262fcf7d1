using BenchmarkDotNet.Attributes;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Benchmarks;

/// <summary>Compiling the common workload from text, and loading its bundle.</summary>
[MemoryDiagnoser]
public class CompileBenchmarks
{
    private IReadOnlyList<SourceFile> _sources = [];
    private ReadOnlyMemory<byte> _bundle;

    /// <summary>How many rules.</summary>
    [Params(10_000, 40_000)]
    public int N { get; set; }

    /// <summary>Draws the workload.</summary>
    [GlobalSetup]
    public void Draw()
    {
        GeneratedSet set = CommonPolicies.Of(CommonWorkload.Of(N));
        _sources = set.Sources();
        _bundle = Subject.Compile(set);
    }

    /// <summary>From text to a loaded bundle.</summary>
    [Benchmark]
    public string Compile() => PolicyCompiler.Compile(_sources).Bundle!.Hash;

    /// <summary>From bytes to a decider.</summary>
    [Benchmark]
    public object Load() => new Decider(Bundle.Read(_bundle));
}
