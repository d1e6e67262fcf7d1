using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What compiling and loading the common workload costs, each size in a process of its own.</summary>
internal static class CompileRows
{
    public static IEnumerable<TableRow> Measure(Effort effort)
    {
        CompileOnce small = Of(10_000), large = Of(40_000);
        if ((small.Fault + large.Fault).Length > 0)
        {
            yield return TableRow.NotMeasured("compile N = 10,000 and N = 40,000", small.Fault + large.Fault);
            yield break;
        }
        yield return TableRow.AtMost("compile N = 10,000 from text, in a new process", small.ColdCompile / 1000, 1, " s", Detail(small));
        yield return TableRow.AtMost("compile N = 40,000 from text, in a new process", large.ColdCompile / 1000, 4, " s", Detail(large));
        // Four times the rules may take a quarter more than four times as long: caches, and names that grow by a digit.
        yield return TableRow.AtMost("growth from 10,000 to 40,000 rules, warm", large.WarmCompile / small.WarmCompile, 5, " ×", "linear: 4 ×");
        yield return TableRow.AtMost("load the N = 10,000 bundle", small.WarmLoad, 20, " ms", $"{Megabytes(small.BundleBytes)} MB; the first time in a process {TableRow.Number(small.ColdLoad)} ms");
        yield return TableRow.AtMost("memory of it for each rule", small.LoadedBytes / (double)small.Rules, 200, " B");

        static CompileOnce Of(int rules) => CompileOnce.OfSet(CommonPolicies.Of(CommonWorkload.Of(rules)));

        static string Detail(CompileOnce measured) => $"warm {TableRow.Number(measured.WarmCompile / 1000)} s; {Megabytes(measured.PeakBytes)} MB resident at most";
    }

    public static string Megabytes(long bytes) => TableRow.Number(bytes / (double)(1 << 20));
}
