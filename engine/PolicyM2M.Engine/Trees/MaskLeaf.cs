using System.Buffers;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// A leaf that keeps many cases, each a conjunction of tests, as bits. Every facet cuts its codes into cells, and a cell has a row of
/// bits: those of the cases that its codes do not rule out. The rows of a context's cells, taken together, leave the cases that match; the first bit
/// is the answer. This is the bit-vector scheme of packet classification (Lakshman and Stiliadis, SIGCOMM 1998): its size grows with cells times cases,
/// never with their combinations.
/// </summary>
internal sealed class MaskLeaf(
    ImmutableArray<int> facets, ImmutableArray<int> firstBounds, ImmutableArray<long> bounds, ImmutableArray<int> rowOf, ImmutableArray<int> freeRows,
    ImmutableArray<ulong> rows, ImmutableArray<int> answers)
{
    /// <summary>Up to this many facets their rows are kept on the stack.</summary>
    private const int FewFacets = 256;

    /// <summary>So many words are looked at together: beyond them lie cases that match seldom.</summary>
    private const int BlockWords = 16;

    /// <summary>The facets that the cases test, ascending.</summary>
    public ImmutableArray<int> Facets { get; } = facets;

    /// <summary>For each facet where its bounds begin in <see cref="Bounds"/>, and where the last one's end.</summary>
    public ImmutableArray<int> FirstBounds { get; } = firstBounds;

    /// <summary>The first code of each cell but the first, ascending for each facet.</summary>
    public ImmutableArray<long> Bounds { get; } = bounds;

    /// <summary>The row of each cell, facet by facet: those of facet i begin at its first bound plus i.</summary>
    public ImmutableArray<int> RowOf { get; } = rowOf;

    /// <summary>For each facet the row of the cases that do not test it.</summary>
    public ImmutableArray<int> FreeRows { get; } = freeRows;

    /// <summary>The rows, of as many words as all cases need.</summary>
    public ImmutableArray<ulong> Rows { get; } = rows;

    /// <summary>The answer of each case; the last case matches always.</summary>
    public ImmutableArray<int> Answers { get; } = answers;

    public int WordsPerRow => (Answers.Length + 63) / 64;

    /// <summary>The first case that matches; where a facet is missing the complement of its place, and <see cref="Possible"/> goes on from there.</summary>
    public int FirstMatch<TContext, TPath>(int node, scoped ref TContext context, ref TPath path)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        int[]? rented = Facets.Length > FewFacets ? ArrayPool<int>.Shared.Rent(Facets.Length) : null;
        try
        {
            Span<int> rows = rented is null ? stackalloc int[FewFacets] : rented;
            rows = rows[..Facets.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                if (!context.TryGet(Facets[i], out long code))
                    return ~i;
                int cell = CellOf(i, code);
                path.Turn(node, cell);
                rows[i] = RowOf[FirstBounds[i] + i + cell] * WordsPerRow;
            }
            for (int first = 0; first < WordsPerRow; first += BlockWords)
            {
                int match = FirstIn(rows, first, Math.Min(BlockWords, WordsPerRow - first));
                if (match >= 0)
                {
                    path.Turn(node, Step.Matched(match));
                    return match;
                }
            }
            throw new InvalidOperationException("the last case of a leaf has tests");
        }
        finally
        {
            if (rented is not null)
                ArrayPool<int>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Where facets are missing: the places of the cases that could match, as far as the first that must. Each facet is taken by itself, so a case
    /// may be listed that no values of all of them together reach: a bound on the safe side.
    /// </summary>
    /// <param name="node">The node of the leaf.</param>
    /// <param name="told">How many facets the path was told of.</param>
    /// <param name="context">What is known.</param>
    /// <param name="path">Is told the rest.</param>
    /// <param name="found">Takes the cases.</param>
    public void Possible<TContext, TPath>(int node, int told, scoped ref TContext context, ref TPath path, PossibleCases found)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        found.Clear();
        for (int i = 0; i < Facets.Length; i++)
        {
            int cell = context.TryGet(Facets[i], out long code) ? CellOf(i, code) : Step.Missing;
            if (i >= told)
                path.Turn(node, cell);
            if (cell == Step.Missing)
                found.FreeRows.Add(FreeRows[i] * WordsPerRow);
            else
                found.KnownRows.Add(RowOf[FirstBounds[i] + i + cell] * WordsPerRow);
        }
        for (int word = 0; word < WordsPerRow; word++)
        {
            ulong possible = Left(CollectionsMarshal.AsSpan(found.KnownRows), word);
            ulong certain = possible & Left(CollectionsMarshal.AsSpan(found.FreeRows), word);
            for (; possible != 0; possible &= possible - 1)
            {
                ulong bit = possible & (ulong)-(long)possible;
                int place = word * 64 + BitOperations.TrailingZeroCount(bit);
                found.Places.Add(place);
                if ((certain & bit) == 0)
                    continue;
                path.Turn(node, Step.Matched(place));
                return;
            }
        }
        throw new InvalidOperationException("the last case of a leaf has tests");
    }

    /// <summary>The cell of a facet, by its place, that a code lies in.</summary>
    public int CellOf(int facet, long code) => Ascending.NotAbove(Bounds.AsSpan(FirstBounds[facet], FirstBounds[facet + 1] - FirstBounds[facet]), code);

    /// <summary>The first bit that all rows have in a block of words; -1 where there is none. Row after row, so that the vectors of the machine can be used.</summary>
    private int FirstIn(ReadOnlySpan<int> rows, int first, int count)
    {
        Span<ulong> left = stackalloc ulong[BlockWords];
        left = left[..count];
        ReadOnlySpan<ulong> all = Rows.AsSpan();
        all.Slice(rows[0] + first, count).CopyTo(left);
        for (int i = 1; i < rows.Length; i++)
        {
            ReadOnlySpan<ulong> row = all.Slice(rows[i] + first, count);
            int word = 0;
            for (; word <= count - Vector<ulong>.Count; word += Vector<ulong>.Count)
                (new Vector<ulong>(left[word..]) & new Vector<ulong>(row[word..])).CopyTo(left[word..]);
            for (; word < count; word++)
                left[word] &= row[word];
        }
        for (int word = 0; word < count; word++)
        {
            if (left[word] != 0)
                return (first + word) * 64 + BitOperations.TrailingZeroCount(left[word]);
        }
        return -1;
    }

    private ulong Left(ReadOnlySpan<int> rows, int word)
    {
        ulong left = ulong.MaxValue;
        foreach (int row in rows)
        {
            left &= Rows[row + word];
            if (left == 0)
                break;
        }
        return left;
    }
}
