using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What a thousand policies cost against one of the same make.</summary>
internal static class PolicyRows
{
    private const double Most = 10;

    public static IEnumerable<TableRow> Measure(Effort effort) =>
    [
        .. Against(effort, "1,000 policies with ten rules, each for its own site", ManyPolicies.ForSites),
        .. Against(effort, "1,000 policies with ten rules, each for every device", ManyPolicies.ForAll),
    ];

    private static IEnumerable<TableRow> Against(Effort effort, string what, Func<int, GeneratedSet> of)
    {
        GeneratedSet set = of(ManyPolicies.UsualPolicies);
        var compiled = CompileOnce.OfSet(set);
        if (compiled.Fault.Length > 0)
            return [TableRow.NotMeasured(what, compiled.Fault)];
        Subject subject = AnswersChecked.Of(set);
        var figures = effort.Decisions.Measure(Batch.Raw("one", AnswersChecked.Of(of(1))), Batch.Raw("many", subject), Batch.PreparedAnew("anew", subject));
        return
        [
            TableRow.AtMost($"{what}, against one such policy", figures[1].RatioTo(figures[0]), Most, " ×",
                $"{TableRow.Number(figures[1].Median)} ns against {TableRow.Number(figures[0].Median)} ns; {TableRow.Number(figures[1].BytesPerOperation)} B"),
            TableRow.Told("… walked anew, nothing remembered", $"{TableRow.Number(figures[2].Median)} ns"),
            TableRow.Told("… compile in a new process", $"{TableRow.Number(compiled.ColdCompile / 1000)} s, {CompileRows.Megabytes(compiled.PeakBytes)} MB resident at most, bundle {CompileRows.Megabytes(compiled.BundleBytes)} MB"),
        ];
    }
}
