using System.Diagnostics;
using System.Text.Json;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>
/// What compiling and loading a folder costs, measured in a process of its own: nothing of the generators is in its memory, and nothing is
/// warm, as when an author runs <c>m2m</c>.
/// </summary>
/// <param name="ColdCompile">Milliseconds of the first compilation, runtime compilation included.</param>
/// <param name="WarmCompile">Milliseconds of later ones, the median.</param>
/// <param name="PeakBytes">The most memory that the process ever had resident until the first compilation had ended, the runtime included.</param>
/// <param name="BundleBytes">The size of the bundle.</param>
/// <param name="ColdLoad">Milliseconds of the first load in this process; compiling loads once too, so the code is partly warm.</param>
/// <param name="WarmLoad">Milliseconds of later ones, the median.</param>
/// <param name="LoadedBytes">What a loaded bundle with its decider keeps on the managed heap.</param>
/// <param name="Rules">How many rules it has.</param>
/// <param name="Fault">Why it does not compile; empty where it does.</param>
internal sealed record CompileOnce(
    double ColdCompile, double WarmCompile, long PeakBytes, int BundleBytes, double ColdLoad, double WarmLoad, long LoadedBytes, int Rules, string Fault = "")
{
    /// <summary>The command by which the program calls itself.</summary>
    public const string Command = "compile-once";

    private const int WarmCompilations = 3, WarmLoads = 15;

    /// <summary>Measures a set in a process of its own.</summary>
    public static CompileOnce OfSet(GeneratedSet set)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("policym2m-bench-");
        try
        {
            WorkloadFolder.WritePolicies(set, folder.FullName);
            string self = Environment.ProcessPath ?? throw new InvalidOperationException("this process has no path");
            string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [typeof(CompileOnce).Assembly.Location] : [];
            using Process child = Process.Start(new ProcessStartInfo(self, [.. program, Command, folder.FullName])
            {
                RedirectStandardOutput = true,
                // As m2m runs, by its project file.
                Environment = { ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_CallCountingDelayMs"] = "0" },
            })!;
            string output = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            return JsonSerializer.Deserialize<CompileOnce>(output) ?? throw new InvalidOperationException($"{Command} printed nothing");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Measures a folder in this process, and prints the result for the one that asked.</summary>
    public static int Run(string folder)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(Measure(folder)));
        return 0;
    }

    private static CompileOnce Measure(string folder)
    {
        SourceFile[] sources = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(path => new SourceFile(Path.GetFileName(path), File.ReadAllText(path)))];
        (Compilation first, double coldCompile) = Timed(() => PolicyCompiler.Compile(sources));
        long peak = Process.GetCurrentProcess().PeakWorkingSet64;
        if (first.Bundle is null)
            return new CompileOnce(coldCompile, 0, peak, 0, 0, 0, 0, 0, new SetDoesNotCompileException("it", first.Diagnostics).Message);
        double warmCompile = Figures.MedianOf(Enumerable.Range(0, WarmCompilations).Select(_ => Timed(() => PolicyCompiler.Compile(sources)).Milliseconds));

        int rules = first.Bundle.Rules.Count;
        string file = Path.Combine(folder, "set.m2mb");
        File.WriteAllBytes(file, first.Bytes.Span);
        int size = first.Bytes.Length;
        first = first with { Bundle = null, Bytes = default };

        long before = GC.GetTotalMemory(forceFullCollection: true);
        (Decider decider, double coldLoad) = Timed(() => Load(file));
        long loaded = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(decider);
        GC.KeepAlive(sources);
        double warmLoad = Figures.MedianOf(Enumerable.Range(0, WarmLoads).Select(_ => Timed(() => Load(file)).Milliseconds));
        return new CompileOnce(coldCompile, warmCompile, peak, size, coldLoad, warmLoad, loaded, rules);
    }

    private static Decider Load(string file) => new(Bundle.Read(File.ReadAllBytes(file)));

    private static (T Result, double Milliseconds) Timed<T>(Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        T result = work();
        return (result, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}
