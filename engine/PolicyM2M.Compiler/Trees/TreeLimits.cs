namespace PolicyM2M.Compiler.Trees;

/// <summary>When a tree is built in which way. The answers are the same whatever the limits are; only size and speed differ.</summary>
/// <param name="WordsPerCase">How many words a whole tree may take for each case: about what its cases would take in leaves, twice over.</param>
/// <param name="WordsBesides">How many it may take besides.</param>
/// <param name="FewCases">Up to this many cases a leaf tests one after the other: a split would gain nothing.</param>
/// <param name="CopiesInTwo">How many cases a split may leave in all, in halves of those it splits.</param>
/// <param name="CasesPerFacet">How many cases could be tested one after the other while a leaf of masks looks one cell up.</param>
internal sealed record TreeLimits(int WordsPerCase, int WordsBesides, int FewCases, int CopiesInTwo, int CasesPerFacet)
{
    /// <summary>What sets written by people want.</summary>
    public static TreeLimits Usual { get; } = new(WordsPerCase: 16, WordsBesides: 4096, FewCases: 8, CopiesInTwo: 3, CasesPerFacet: 4);
}
