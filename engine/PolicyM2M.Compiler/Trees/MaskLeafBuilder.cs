using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Terms to a leaf of masks: equal rows are one.</summary>
internal sealed class MaskLeafBuilder
{
    private readonly int _words;
    private readonly List<ulong[]> _rows = [];
    private readonly Dictionary<Row, int> _places = [];

    private MaskLeafBuilder(int words) => _words = words;

    public static MaskLeaf Build(IReadOnlyList<Term> terms, ImmutableArray<(long Lowest, long Highest)> codes)
    {
        var byFacet = new SortedDictionary<int, List<(int Term, IntervalSet Codes)>>();
        for (int t = 0; t < terms.Count; t++)
        {
            foreach ((int facet, IntervalSet allowed) in terms[t].Tests)
            {
                if (!byFacet.TryGetValue(facet, out List<(int, IntervalSet)>? tests))
                    byFacet.Add(facet, tests = []);
                tests.Add((t, allowed));
            }
        }
        var builder = new MaskLeafBuilder((terms.Count + 63) / 64);
        var firstBounds = ImmutableArray.CreateBuilder<int>();
        var bounds = ImmutableArray.CreateBuilder<long>();
        var rowOf = ImmutableArray.CreateBuilder<int>();
        var freeRows = ImmutableArray.CreateBuilder<int>();
        firstBounds.Add(0);
        foreach ((int facet, List<(int Term, IntervalSet Codes)> tests) in byFacet)
        {
            long[] own = Bounds(tests, codes[facet]);
            bounds.AddRange(own);
            firstBounds.Add(bounds.Count);
            ulong[] free = builder.FreeRow(terms.Count, tests);
            freeRows.Add(builder.PlaceOf(free));
            ulong[][] cells = [.. Enumerable.Range(0, own.Length + 1).Select(_ => free.ToArray())];
            foreach ((int term, IntervalSet allowed) in tests)
            {
                foreach ((long low, long high) in allowed.Intervals)
                {
                    int last = Splitter.CellOf(own, high);
                    for (int cell = Splitter.CellOf(own, low); cell <= last; cell++)
                        cells[cell][term >> 6] |= 1UL << term;
                }
            }
            rowOf.AddRange(cells.Select(builder.PlaceOf));
        }
        return new MaskLeaf([.. byFacet.Keys], firstBounds.ToImmutable(), bounds.ToImmutable(), rowOf.ToImmutable(), freeRows.ToImmutable(),
            [.. builder._rows.SelectMany(row => row)], [.. terms.Select(term => term.Answer)]);
    }

    private static long[] Bounds(List<(int Term, IntervalSet Codes)> tests, (long Lowest, long Highest) codes) =>
        [.. tests.SelectMany(test => test.Codes.Intervals)
            .SelectMany(interval => interval.High < codes.Highest ? new[] { interval.Low, interval.High + 1 } : [interval.Low])
            .Where(bound => bound > codes.Lowest).Distinct().Order()];

    /// <summary>The terms that do not test the facet.</summary>
    private ulong[] FreeRow(int terms, List<(int Term, IntervalSet Codes)> tests)
    {
        var free = new ulong[_words];
        Array.Fill(free, ulong.MaxValue);
        if (terms % 64 != 0)
            free[^1] = (1UL << (terms % 64)) - 1;
        foreach ((int term, _) in tests)
            free[term >> 6] &= ~(1UL << term);
        return free;
    }

    private int PlaceOf(ulong[] row)
    {
        if (_places.TryGetValue(new Row(row), out int place))
            return place;
        _rows.Add(row);
        return _places[new Row(row)] = _rows.Count - 1;
    }

    private readonly record struct Row(ulong[] Words)
    {
        public bool Equals(Row other) => Words.AsSpan().SequenceEqual(other.Words);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Words.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
