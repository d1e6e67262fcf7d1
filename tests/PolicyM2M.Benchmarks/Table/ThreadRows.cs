using PolicyM2M.Benchmarks.Lines;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What a second thread brings.</summary>
internal static class ThreadRows
{
    public static IEnumerable<TableRow> Measure(Effort effort)
    {
        var workload = CommonWorkload.Of(10_000);
        Subject subject = AnswersChecked.Of(CommonPolicies.Of(workload));
        Scaling scaling = effort.Threads.OfTwoThreads(() => Batch.Raw("raw", subject.ForThread()));
        // Whatever the index falls short of 2, the machine does: its threads share nothing but what they read.
        var index = new HashIndex(workload.Rules);
        Scaling machine = effort.Threads.OfTwoThreads(() => Batch.HashIndex("hash", workload, index));
        yield return TableRow.AtLeast("two threads against one, decisions from plain values, N = 10,000", scaling.ByClock, 1.9, " ×",
            $"by processor time {TableRow.Number(scaling.ByProcessorTime)} ×; the index: {TableRow.Number(machine.ByClock)} ×, {TableRow.Number(machine.ByProcessorTime)} ×");
    }
}
