using BenchmarkDotNet.Attributes;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks;

/// <summary>
/// The set in <c>policies/</c> and its example contexts:
/// <c>dotnet run -c Release --project tests/PolicyM2M.Benchmarks -- --filter '*DecisionBenchmarks*'</c>.
/// </summary>
[MemoryDiagnoser]
public class DecisionBenchmarks
{
    private IReadOnlyList<SourceFile> _sources = [];
    private DeviceContext[] _contexts = [];
    private PreparedContext[] _prepared = [];
    private Decider? _decider;

    /// <summary>Reads the set and compiles it.</summary>
    [GlobalSetup]
    public void Read()
    {
        string folder = Path.Combine(RepositoryRoot(), "policies");
        _sources = [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(path => path.EndsWith(".m2m", StringComparison.Ordinal) || path.EndsWith(".yaml", StringComparison.Ordinal))
            .Select(path => new SourceFile(Path.GetRelativePath(folder, path).Replace('\\', '/'), File.ReadAllText(path)))];
        _decider = new Decider(PolicyCompiler.Compile(_sources).Bundle ?? throw new InvalidOperationException("policies/ does not compile"));
        _contexts = [.. Directory.GetFiles(Path.Combine(folder, "examples"), "*.json").Order(StringComparer.Ordinal)
            .Select(path => DeviceContext.TryParseJson(File.ReadAllText(path), out DeviceContext? context, out string? error) ? context : throw new FormatException(error))];
        _prepared = [.. _contexts.Select(_decider.Prepare)];
    }

    /// <summary>All three kinds for every example, from contexts prepared once; missing attributes among them.</summary>
    [Benchmark]
    public int DecidePrepared()
    {
        int denied = 0;
        foreach (PreparedContext context in _prepared)
            denied += Denied(context);
        return denied;
    }

    /// <summary>The same, preparing each context first.</summary>
    [Benchmark]
    public int PrepareAndDecide()
    {
        int denied = 0;
        foreach (DeviceContext context in _contexts)
            denied += Denied(_decider!.Prepare(context));
        return denied;
    }

    /// <summary>From text to a bundle.</summary>
    [Benchmark]
    public string Compile() => PolicyCompiler.Compile(_sources).Bundle!.Hash;

    private int Denied(PreparedContext context)
    {
        int denied = 0;
        for (DecisionKind kind = DecisionKind.CipherSuites; kind <= DecisionKind.Rotation; kind++)
            denied += _decider!.Decide(kind, context, DateTimeOffset.UnixEpoch).Outcome.IsDenied ? 1 : 0;
        return denied;
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PolicyM2M.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("no folder above the benchmarks holds PolicyM2M.sln");
    }
}
