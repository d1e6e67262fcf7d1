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
            rowOf.AddRange(builder.Cells(own, free, tests));
        }
        return new MaskLeaf([.. byFacet.Keys], firstBounds.ToImmutable(), bounds.ToImmutable(), rowOf.ToImmutable(), freeRows.ToImmutable(),
            [.. builder._rows.SelectMany(row => row)], [.. terms.Select(term => term.Answer)]);
    }

    /// <summary>
    /// The rows of a facet's cells, one after the other: at each bound the terms are turned that begin or end to allow the codes there. Terms with the same
    /// test turn together, so that ten thousand terms over one list of ten thousand are no more work than one.
    /// </summary>
    private IEnumerable<int> Cells(long[] bounds, ulong[] free, List<(int Term, IntervalSet Codes)> tests)
    {
        var masks = new Dictionary<IntervalSet, ulong[]>();
        foreach ((int term, IntervalSet allowed) in tests)
        {
            if (!masks.TryGetValue(allowed, out ulong[]? mask))
                masks.Add(allowed, mask = new ulong[_words]);
            mask[term >> 6] |= 1UL << term;
        }
        var turns = new List<ulong[]>?[bounds.Length + 2];
        foreach ((IntervalSet allowed, ulong[] mask) in masks)
        {
            foreach ((long low, long high) in allowed.Intervals)
            {
                (turns[Splitter.CellOf(bounds, low)] ??= []).Add(mask);
                (turns[Splitter.CellOf(bounds, high) + 1] ??= []).Add(mask);
            }
        }
        ulong[] row = [.. free];
        for (int cell = 0; cell <= bounds.Length; cell++)
        {
            foreach (ulong[] mask in turns[cell] ?? [])
            {
                for (int word = 0; word < row.Length; word++)
                    row[word] ^= mask[word];
            }
            yield return PlaceOf(row);
        }
    }

    private static long[] Bounds(List<(int Term, IntervalSet Codes)> tests, (long Lowest, long Highest) codes) =>
        [.. tests.Select(test => test.Codes).Distinct().SelectMany(allowed => allowed.Intervals)
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
        ulong[] kept = [.. row];
        _rows.Add(kept);
        return _places[new Row(kept)] = _rows.Count - 1;
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
