using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What sets that are made to hurt cost.</summary>
internal static class AdversarialRows
{
    private const double MostMegabytes = 256, MostSeconds = 5, MostMicroseconds = 5;

    public static IEnumerable<TableRow> Measure(Effort effort) => AdversarialSets.All.SelectMany(set => Measure(effort, set.Of(AdversarialSets.UsualRules)));

    private static IEnumerable<TableRow> Measure(Effort effort, GeneratedSet set)
    {
        var compiled = CompileOnce.OfSet(set);
        if (compiled.Fault.Length > 0)
            return [TableRow.NotMeasured(set.Name, compiled.Fault)];
        Subject subject = AnswersChecked.Of(set);
        var figures = effort.Decisions.Measure(Batch.Raw("raw", subject), Batch.PreparedAnew("prepared", subject));
        return
        [
            TableRow.AtMost($"{set.Name}: compile in a new process", compiled.ColdCompile / 1000, MostSeconds, " s", $"bundle {CompileRows.Megabytes(compiled.BundleBytes)} MB"),
            TableRow.AtMost($"{set.Name}: memory resident while compiling", compiled.PeakBytes / (double)(1 << 20), MostMegabytes, " MB", "the runtime included"),
            TableRow.AtMost($"{set.Name}: decision from plain values", figures[0].Median / 1000, MostMicroseconds, " µs",
                $"prepared, and walked anew, {TableRow.Number(figures[1].Median / 1000)} µs; {TableRow.Number(figures[0].BytesPerOperation)} B; {subject.Count:#,0} answers as the naive evaluator's"),
        ];
    }
}
