using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Writes a test of a case in its shortest form.</summary>
internal static class TestWords
{
    public static void Write(ImmutableArray<int>.Builder words, int facet, IntervalSet allowed, (long Lowest, long Highest) codes)
    {
        ImmutableArray<(long Low, long High)> intervals = allowed.Intervals;
        (long low, long high) = intervals[0];
        if (intervals.Length == 1 && high == codes.Highest && IsNarrow(low))
            words.AddRange(Words.Header(TestKind.AtLeast, facet), (int)low);
        else if (intervals.Length == 1 && low == codes.Lowest && IsNarrow(high))
            words.AddRange(Words.Header(TestKind.AtMost, facet), (int)high);
        else if (intervals.Length == 1 && IsNarrow(low) && IsNarrow(high))
            words.AddRange(Words.Header(TestKind.Between, facet), (int)low, (int)high);
        else
            Several(words, facet, intervals);
    }

    private static void Several(ImmutableArray<int>.Builder words, int facet, ImmutableArray<(long Low, long High)> intervals)
    {
        bool isNarrow = intervals.All(interval => IsNarrow(interval.Low) && IsNarrow(interval.High));
        words.AddRange(Words.Header(isNarrow ? TestKind.In : TestKind.InWide, facet), intervals.Length);
        foreach ((long low, long high) in intervals)
        {
            if (isNarrow)
                words.AddRange((int)low, (int)high);
            else
                words.AddRange((int)low, (int)(low >> 32), (int)high, (int)(high >> 32));
        }
    }

    private static bool IsNarrow(long code) => code is >= int.MinValue and <= int.MaxValue;
}
