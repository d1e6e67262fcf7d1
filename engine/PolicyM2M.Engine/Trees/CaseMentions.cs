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

    /// <summary>Four megabytes of them: sparse as they must be, no set that people write has so many.</summary>
    private const int MostMentions = 1 << 20;

    private readonly int[] _firsts;
    private readonly int[] _cases;
    private readonly byte[] _tests;

    private CaseMentions(int[] firsts, int[] cases, byte[] tests, int always) => (_firsts, _cases, _tests, Always) = (firsts, cases, tests, always);

    /// <summary>The first case that has no tests.</summary>
    public int Always { get; }

    /// <summary>Reads it from the rows; null where these are less work.</summary>
    public static CaseMentions? Of(MaskLeaf leaf)
    {
        int words = leaf.WordsPerRow, facets = leaf.Facets.Length, cases = leaf.Answers.Length;
        int[] firsts = new int[leaf.RowOf.Length + 1];
        double expected = 0;
        for (int facet = 0; facet < facets; facet++)
        {
            (int first, int end) = leaf.CellsOf(facet);
            for (int cell = first; cell < end; cell++)
            {
                long until = firsts[cell];
                for (int word = 0; word < words; word++)
                {
                    // Only of rows as they are made: each has the cases that do not test its facet.
                    if ((Free(leaf, facet, word) & ~leaf.Rows[leaf.RowOf[cell] * words + word]) != 0)
                        return null;
                    until += BitOperations.PopCount(Mentioned(leaf, facet, cell, word));
                }
                if (until > MostMentions)
                    return null;
                firsts[cell + 1] = (int)until;
            }
            expected += (firsts[end] - firsts[first]) / (double)(end - first);
        }
        if (facets > byte.MaxValue || expected * WordsPerMention > (double)facets * words)
            return null;
        int[] mentions = new int[firsts[^1]];
        byte[] tests = new byte[cases];
        for (int facet = 0; facet < facets; facet++)
        {
            (int first, int end) = leaf.CellsOf(facet);
            for (int word = 0; word < words; word++)
            {
                foreach (int place in Bits(~Free(leaf, facet, word), word * 64))
                {
                    if (place < cases)
                        tests[place]++;
                }
            }
            for (int cell = first; cell < end; cell++)
            {
                int at = firsts[cell];
                for (int word = 0; word < words; word++)
                {
                    foreach (int place in Bits(Mentioned(leaf, facet, cell, word), word * 64))
                        mentions[at++] = place;
                }
            }
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

    /// <summary>The cases that test a facet and find what they want in a cell.</summary>
    private static ulong Mentioned(MaskLeaf leaf, int facet, int cell, int word) =>
        leaf.Rows[leaf.RowOf[cell] * leaf.WordsPerRow + word] & ~Free(leaf, facet, word);

    /// <summary>The cases that do not test a facet.</summary>
    private static ulong Free(MaskLeaf leaf, int facet, int word) => leaf.Rows[leaf.FreeRows[facet] * leaf.WordsPerRow + word];

    private static IEnumerable<int> Bits(ulong word, int from)
    {
        for (; word != 0; word &= word - 1)
            yield return from + BitOperations.TrailingZeroCount(word);
    }
}
