using System.Collections.Immutable;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>A set of codes: intervals with both ends included, ascending and apart from each other. Equal by content.</summary>
internal readonly struct IntervalSet : IEquatable<IntervalSet>
{
    private readonly ImmutableArray<(long Low, long High)> _intervals;

    private IntervalSet(ImmutableArray<(long Low, long High)> intervals) => _intervals = intervals;

    public ImmutableArray<(long Low, long High)> Intervals => _intervals.IsDefault ? [] : _intervals;

    public bool IsEmpty => Intervals.IsEmpty;

    /// <summary>The codes from one end to the other; none where <paramref name="low"/> is above <paramref name="high"/>.</summary>
    public static IntervalSet Between(long low, long high) => low > high ? default : new IntervalSet([(low, high)]);

    public bool Covers(IntervalSet domain) => domain.Minus(this).IsEmpty;

    public bool Contains(long code)
    {
        foreach ((long low, long high) in Intervals)
        {
            if (code >= low && code <= high)
                return true;
        }
        return false;
    }

    public IntervalSet Or(IntervalSet other)
    {
        var merged = ImmutableArray.CreateBuilder<(long Low, long High)>();
        foreach ((long low, long high) in Intervals.AddRange(other.Intervals).Sort())
        {
            if (merged.Count > 0 && (merged[^1].High == long.MaxValue || low <= merged[^1].High + 1))
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            else
                merged.Add((low, high));
        }
        return new IntervalSet(merged.ToImmutable());
    }

    public IntervalSet And(IntervalSet other)
    {
        var both = ImmutableArray.CreateBuilder<(long Low, long High)>();
        int i = 0, j = 0;
        while (i < Intervals.Length && j < other.Intervals.Length)
        {
            (long low, long high) = (Math.Max(Intervals[i].Low, other.Intervals[j].Low), Math.Min(Intervals[i].High, other.Intervals[j].High));
            if (low <= high)
                both.Add((low, high));
            if (Intervals[i].High < other.Intervals[j].High)
                i++;
            else
                j++;
        }
        return new IntervalSet(both.ToImmutable());
    }

    /// <summary>The codes of this set that are not in <paramref name="other"/>.</summary>
    public IntervalSet Minus(IntervalSet other)
    {
        var left = ImmutableArray.CreateBuilder<(long Low, long High)>();
        foreach ((long low, long high) in Intervals)
        {
            long from = low;
            bool isUsedUp = false;
            foreach ((long otherLow, long otherHigh) in other.Intervals)
            {
                if (otherHigh < from || otherLow > high)
                    continue;
                if (otherLow > from)
                    left.Add((from, otherLow - 1));
                isUsedUp = otherHigh >= high;
                if (isUsedUp)
                    break;
                from = otherHigh + 1;
            }
            if (!isUsedUp)
                left.Add((from, high));
        }
        return new IntervalSet(left.ToImmutable());
    }

    public bool Equals(IntervalSet other) => Intervals.AsSpan().SequenceEqual(other.Intervals.AsSpan());

    public override bool Equals(object? obj) => obj is IntervalSet other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach ((long Low, long High) interval in Intervals)
            hash.Add(interval);
        return hash.ToHashCode();
    }
}
