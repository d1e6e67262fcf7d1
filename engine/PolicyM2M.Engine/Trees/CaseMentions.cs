using System.Numerics;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// A leaf of masks the other way round, where each cell speaks of few cases: for each cell the cases that have a test which it fulfils. A case matches where as many cells of a context mention it as it
/// has tests; they are counted (the counting method of Yan and García-Molina, ACM TODS 19(2), 1994), and what no cell mentions is never looked at. It says what the rows say. Immutable.
/// </summary>
internal sealed class CaseMentions
{
    /// <summary>A mention costs about as much as eight words of a row, which are one line of the cache.</summary>
    private const int WordsPerMention = 8;

    /// <summary>More words than that are not looked through for it: it is done within a decision, if only within the first.</summary>
    private const long MostWords = 16_000_000;

    private readonly int[] _firsts;
    private readonly int[] _cases;
    private readonly byte[] _tests;

    private CaseMentions(int[] firsts, int[] cases, byte[] tests, int always) => (_firsts, _cases, _tests, Always) = (firsts, cases, tests, always);

    /// <summary>The first case that has no tests.</summary>
    public int Always { get; }

    /// <summary>Reads it from the rows; null where these are less work, or not as they are made: each has the cases that do not test its facet.</summary>
    public static CaseMentions? Of(MaskLeaf leaf)
    {
        int facets = leaf.Facets.Length;
        if (facets > byte.MaxValue || (long)leaf.RowOf.Length * leaf.WordsPerRow > MostWords || CountAll(leaf) is not { } firsts)
            return null;
        int[] mentions = new int[firsts[^1]];
        byte[] tests = new byte[leaf.Answers.Length];
        for (int facet = 0; facet < facets; facet++)
        {
            for (int place = 0; place < tests.Length; place++)
                tests[place] += (byte)(~leaf.Rows[leaf.FreeRows[facet] * leaf.WordsPerRow + place / 64] >> place & 1);
            (int first, int end) = leaf.CellsOf(facet);
            for (int cell = first; cell < end; cell++)
                List(leaf, facet, cell, mentions.AsSpan(firsts[cell]));
        }
        return new CaseMentions(firsts, mentions, tests, Array.IndexOf(tests, (byte)0));
    }

    /// <summary>Counts the cases that a cell mentions.</summary>
    /// <param name="cell">The cell, by its place among those of all facets.</param>
    /// <param name="counts">For each case how often it was mentioned.</param>
    /// <param name="best">The first case of which all tests are known to be fulfilled.</param>
    /// <returns>The same after this cell.</returns>
    public int Count(int cell, Span<byte> counts, int best)
    {
        foreach (int place in _cases.AsSpan(_firsts[cell], _firsts[cell + 1] - _firsts[cell]))
        {
            // They ascend, and one beyond the best is none.
            if (place >= best)
                break;
            if (++counts[place] == _tests[place])
                return place;
        }
        return best;
    }

    /// <summary>For each cell where its mentions begin, and where the last one's end; null where there are too many.</summary>
    private static int[]? CountAll(MaskLeaf leaf)
    {
        int words = leaf.WordsPerRow;
        int[] firsts = new int[leaf.RowOf.Length + 1];
        double expected = 0;
        for (int facet = 0; facet < leaf.Facets.Length; facet++)
        {
            (int first, int end) = leaf.CellsOf(facet);
            for (int cell = first; cell < end; cell++)
            {
                firsts[cell + 1] = firsts[cell];
                for (int word = 0; word < words; word++)
                {
                    ulong row = leaf.Rows[leaf.RowOf[cell] * words + word], free = leaf.Rows[leaf.FreeRows[facet] * words + word];
                    if ((free & ~row) != 0)
                        return null;
                    firsts[cell + 1] += BitOperations.PopCount(row & ~free);
                }
                // They never take more room than the rows do.
                if (firsts[cell + 1] > leaf.Rows.Length)
                    return null;
            }
            expected += (firsts[end] - firsts[first]) / (double)(end - first);
        }
        return expected * WordsPerMention <= (double)leaf.Facets.Length * words ? firsts : null;
    }

    /// <summary>The cases that test a facet and find what they want in a cell, ascending.</summary>
    private static void List(MaskLeaf leaf, int facet, int cell, Span<int> into)
    {
        int words = leaf.WordsPerRow, count = 0;
        for (int word = 0; word < words; word++)
        {
            for (ulong left = leaf.Rows[leaf.RowOf[cell] * words + word] & ~leaf.Rows[leaf.FreeRows[facet] * words + word]; left != 0; left &= left - 1)
                into[count++] = word * 64 + BitOperations.TrailingZeroCount(left);
        }
    }
}
