namespace PolicyM2M.Benchmarks.Workload;

/// <summary>The small random generator that the common workload is drawn with: the same numbers as the JavaScript one, draw for draw.</summary>
internal sealed class Mulberry32(uint seed)
{
    private uint _state = seed;

    /// <summary>The next number, at least 0 and less than 1.</summary>
    public double Next()
    {
        unchecked
        {
            _state += 0x6D2B79F5;
            uint t = (_state ^ (_state >> 15)) * (1 | _state);
            t = (t + ((t ^ (t >> 7)) * (61 | t))) ^ t;
            return (t ^ (t >> 14)) / 4294967296.0;
        }
    }

    /// <summary>The next whole number between two, both included.</summary>
    public int Next(int low, int high) => low + (int)Math.Floor(Next() * (high - low + 1));

    /// <summary>True with this probability.</summary>
    public bool Chance(double probability) => Next() < probability;

    /// <summary>One of the items.</summary>
    public T Pick<T>(ReadOnlySpan<T> items) => items[Next(0, items.Length - 1)];
}
