using System.Collections.Immutable;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What a decision costs on the common workload, all ways in one run.</summary>
internal static class DecisionRows
{
    private static readonly int[] Sizes = [10, 100, 1000, 10_000];

    public static IEnumerable<TableRow> Measure(Effort effort)
    {
        (int Rules, CommonWorkload Workload, Subject Subject)[] sizes = [.. Sizes.Select(Of)];
        (_, CommonWorkload large, Subject subject) = sizes[^1];
        ImmutableArray<Figures> bySize = effort.Decisions.Measure(
            [.. sizes.Select(size => Batch.HashIndex("hash", size.Workload)), .. sizes.Select(size => Batch.Raw("raw", size.Subject)), .. sizes.Select(size => Batch.PreparedAnew("prepared", size.Subject))]);
        ImmutableArray<Figures> ways = effort.Decisions.Measure(Batch.HashIndex("hash", large), Batch.Raw("raw", subject), Batch.Prepared("prepared", subject),
            Batch.NotingTheWay("way", subject), Batch.WithRegion("region", subject), Batch.Explained("explained", subject));
        (Figures hash, Figures raw, Figures prepared, Figures way, Figures region, Figures explained) = (ways[0], ways[1], ways[2], ways[3], ways[4], ways[5]);

        yield return TableRow.AtMost("decision from plain values, N = 10,000, against the hand-written index", raw.RatioTo(hash), 1.5, " ×",
            $"{TableRow.Number(raw.Median)} ns against {TableRow.Number(hash.Median)} ns");
        yield return TableRow.AtMost("bytes allocated by it", raw.BytesPerOperation, 0, " B", $"the index: {TableRow.Number(hash.BytesPerOperation)} B");
        for (int i = 0; i < sizes.Length; i++)
        {
            yield return TableRow.Told($"the same, N = {sizes[i].Rules:#,0}",
                $"{TableRow.Number(bySize[i + sizes.Length].RatioTo(bySize[i]))} × ({TableRow.Number(bySize[i + sizes.Length].Median)} ns against {TableRow.Number(bySize[i].Median)} ns; prepared {TableRow.Number(bySize[i + 2 * sizes.Length].Median)} ns)");
        }
        yield return TableRow.AtMost("the same device again, its context prepared, against plain values", prepared.RatioTo(raw), 0.4, " ×",
            $"{TableRow.Number(prepared.Median)} ns, {TableRow.Number(prepared.BytesPerOperation)} B");
        yield return TableRow.AtMost("growth from N = 10 to N = 10,000", bySize[2 * sizes.Length - 1].RatioTo(bySize[sizes.Length]), 2, " ×",
            $"the index itself: {TableRow.Number(bySize[sizes.Length - 1].RatioTo(bySize[0]))} ×");
        yield return TableRow.AtMost("a decision that notes its way, from which a region is read, against one that does not", way.RatioTo(raw), 2, " ×", $"{TableRow.Number(way.Median)} ns");
        yield return TableRow.AtMost("bytes allocated by noting it", way.BytesPerOperation, 0, " B");
        yield return TableRow.AtMost("a decision with its region read", region.RatioTo(raw), 2, " ×", $"{TableRow.Number(region.Median)} ns, {TableRow.Number(region.BytesPerOperation)} B");
        yield return TableRow.AtMost("a decision explained: the rules that determined each field", explained.RatioTo(raw), 2, " ×",
            $"{TableRow.Number(explained.Median)} ns, {TableRow.Number(explained.BytesPerOperation)} B");
    }

    private static (int, CommonWorkload, Subject) Of(int rules)
    {
        var workload = CommonWorkload.Of(rules);
        return (rules, workload, AnswersChecked.Of(CommonPolicies.Of(workload)));
    }
}
