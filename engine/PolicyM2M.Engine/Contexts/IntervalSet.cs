using System.Collections.Immutable;

namespace PolicyM2M.Engine.Contexts;

/// <summary>A set of codes: intervals with both ends included, ascending and apart from each other. Equal by content.</summary>
internal readonly struct IntervalSet : IEquatable<IntervalSet>
{
    private readonly ImmutableArray<(long Low, long High)> _intervals;

    private IntervalSet(ImmutableArray<(long Low, long High)> intervals) => _intervals = intervals;

    public ImmutableArray<(long Low, long High)> Intervals => _intervals.IsDefault ? [] : _intervals;

    public bool IsEmpty => _intervals.IsDefaultOrEmpty;

    /// <summary>The codes from one end to the other; none where <paramref name="low"/> is above <paramref name="high"/>.</summary>
    public static IntervalSet Between(long low, long high) => low > high ? default : new IntervalSet([(low, high)]);

    /// <summary>The codes of any of these intervals, in any order; empty ones count for nothing.</summary>
    public static IntervalSet Of(IEnumerable<(long Low, long High)> intervals)
    {
        var sorted = intervals.Where(interval => interval.Low <= interval.High).ToArray();
        Array.Sort(sorted);
        var merged = ImmutableArray.CreateBuilder<(long Low, long High)>();
        foreach ((long low, long high) in sorted)
        {
            if (merged.Count > 0 && (merged[^1].High == long.MaxValue || low <= merged[^1].High + 1))
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            else
                merged.Add((low, high));
        }
        return new IntervalSet(merged.ToImmutable());
    }

    /// <summary>The same, of intervals that mostly are in order and apart already: then nothing is copied.</summary>
    public static IntervalSet Of(ImmutableArray<(long Low, long High)> intervals)
    {
        for (int i = 0; i < intervals.Length; i++)
        {
            if (intervals[i].Low > intervals[i].High || (i > 0 && (intervals[i - 1].High >= intervals[i].Low || intervals[i - 1].High + 1 == intervals[i].Low)))
                return Of(intervals.AsEnumerable());
        }
        return new IntervalSet(intervals);
    }

    /// <summary>Whether every code of the interval <paramref name="low"/> to <paramref name="high"/> is in the set.</summary>
    public bool Covers(long low, long high) => IntervalOf(low) is >= 0 and int at && _intervals[at].High >= high;

    public bool Contains(long code) => IntervalOf(code) >= 0;

    public IntervalSet Or(IntervalSet other) => IsEmpty ? other : other.IsEmpty ? this : Of([.. Intervals, .. other.Intervals]);

    public IntervalSet And(IntervalSet other)
    {
        var both = ImmutableArray.CreateBuilder<(long Low, long High)>();
        ImmutableArray<(long Low, long High)> mine = Intervals, theirs = other.Intervals;
        int i = 0, j = 0;
        while (i < mine.Length && j < theirs.Length)
        {
            (long low, long high) = (Math.Max(mine[i].Low, theirs[j].Low), Math.Min(mine[i].High, theirs[j].High));
            if (low <= high)
                both.Add((low, high));
            if (mine[i].High < theirs[j].High)
                i++;
            else
                j++;
        }
        return new IntervalSet(both.ToImmutable());
    }

    /// <summary>The codes from <paramref name="lowest"/> to <paramref name="highest"/> that are not in the set.</summary>
    public IntervalSet Without(long lowest, long highest)
    {
        var left = ImmutableArray.CreateBuilder<(long Low, long High)>();
        long from = lowest;
        foreach ((long low, long high) in Intervals)
        {
            if (low > from)
                left.Add((from, Math.Min(low - 1, highest)));
            if (high >= highest)
                return new IntervalSet(left.ToImmutable());
            from = Math.Max(from, high + 1);
        }
        left.Add((from, highest));
        return new IntervalSet(left.ToImmutable());
    }

    /// <summary>The place of the interval that holds a code, or -1.</summary>
    public int IntervalOf(long code)
    {
        int low = 0, high = Intervals.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (code < _intervals[middle].Low)
                high = middle - 1;
            else if (code > _intervals[middle].High)
                low = middle + 1;
            else
                return middle;
        }
        return -1;
    }

    public bool Equals(IntervalSet other) => _intervals == other._intervals || Intervals.AsSpan().SequenceEqual(other.Intervals.AsSpan());

    public override bool Equals(object? obj) => obj is IntervalSet other && Equals(other);

    public override int GetHashCode()
    {
        ImmutableArray<(long Low, long High)> intervals = Intervals;
        var hash = new HashCode();
        hash.Add(intervals.Length);
        // The ends tell long lists apart well enough, and hashing ten thousand of them each time would not pay.
        foreach ((long low, long high) in intervals.Length <= 8 ? intervals : [.. intervals[..4], .. intervals[^4..]])
        {
            hash.Add(low);
            hash.Add(high);
        }
        return hash.ToHashCode();
    }
}
