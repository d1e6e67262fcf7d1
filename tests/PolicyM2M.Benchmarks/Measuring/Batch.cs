using PolicyM2M.Benchmarks.Lines;
using PolicyM2M.Benchmarks.Workload;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>Work that is timed as a whole: each of a number of operations once.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Operations">How many operations a run is.</param>
/// <param name="Run">Does them; what it returns depends on all of them, so that none can be left out.</param>
internal sealed record Batch(string Name, int Operations, Func<long> Run)
{
    public static Batch HashIndex(string name, CommonWorkload workload) => HashIndex(name, workload, new HashIndex(workload.Rules));

    public static Batch HashIndex(string name, CommonWorkload workload, HashIndex index)
    {
        WorkloadRequest[] requests = [.. workload.Requests];
        return new Batch(name, requests.Length, () =>
        {
            long sum = 0;
            foreach (WorkloadRequest request in requests)
                sum += index.Decide(request).Outcome;
            return sum;
        });
    }

    public static Batch NaiveLoop(string name, CommonWorkload workload)
    {
        WorkloadRequest[] requests = [.. workload.Requests];
        return new Batch(name, requests.Length, () =>
        {
            long sum = 0;
            foreach (WorkloadRequest request in requests)
                sum += CommonWorkload.NaiveAnswer(workload.Rules, request).Outcome;
            return sum;
        });
    }

    // One loop for each way, and not one over a delegate: a call through a delegate would cost as much as what is measured.
    public static Batch Raw(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecideRaw(i) is null ? 1 : 0;
        return sum;
    });

    public static Batch Prepared(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecidePrepared(i) is null ? 1 : 0;
        return sum;
    });

    public static Batch PreparedAnew(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecidePreparedAnew(i) is null ? 1 : 0;
        return sum;
    });

    public static Batch NotingTheWay(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecideNotingTheWay(i) is null ? 1 : 0;
        return sum;
    });

    public static Batch WithRegion(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecideWithRegion(i).Constraints.Length;
        return sum;
    });

    public static Batch Explained(string name, Subject subject) => new(name, subject.Count, () =>
    {
        long sum = 0;
        for (int i = 0; i < subject.Count; i++)
            sum += subject.DecideExplained(i);
        return sum;
    });
}
