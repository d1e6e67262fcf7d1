using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>Reads back which codes a test of a case allows.</summary>
internal static class TestCodes
{
    /// <summary>How many intervals of codes it allows.</summary>
    public static int Count(ReadOnlySpan<int> program, int at) => Words.TestOf(program[at]) >= TestKind.In ? program[at + 1] : 1;

    /// <summary>One of the intervals, within the codes of the facet.</summary>
    public static (long Low, long High) Interval(ReadOnlySpan<int> program, int at, int interval, (long Lowest, long Highest) codes) => Words.TestOf(program[at]) switch
    {
        TestKind.AtLeast => (program[at + 1], codes.Highest),
        TestKind.AtMost => (codes.Lowest, program[at + 1]),
        TestKind.Between => (program[at + 1], program[at + 2]),
        TestKind.In => (program[at + 2 + 2 * interval], program[at + 3 + 2 * interval]),
        _ => (Words.Wide(program, at + 2 + 4 * interval), Words.Wide(program, at + 4 + 4 * interval)),
    };

    /// <summary>Where the next test begins.</summary>
    public static int Next(ReadOnlySpan<int> program, int at) => at + Words.TestOf(program[at]) switch
    {
        TestKind.AtLeast or TestKind.AtMost => 2,
        TestKind.Between => 3,
        TestKind.In => 2 + 2 * program[at + 1],
        _ => 2 + 4 * program[at + 1],
    };

    /// <summary>All of them.</summary>
    public static IntervalSet Read(ReadOnlySpan<int> program, int at, (long Lowest, long Highest) codes)
    {
        var intervals = new (long, long)[Count(program, at)];
        for (int i = 0; i < intervals.Length; i++)
            intervals[i] = Interval(program, at, i, codes);
        return IntervalSet.Of(intervals);
    }
}
