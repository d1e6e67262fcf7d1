using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Leaves that keep the cases of one list.</summary>
internal sealed class LeafBuilder(ConditionTable conditions, ImmutableArray<(long Lowest, long Highest)> codes, ProgramWriter writer, int kind, CompileBudget budget, TreeLimits limits)
{
    /// <summary>How many terms a case may become: three clauses of six tests each, which is more than people read.</summary>
    private const int TermsPerCase = 256;

    /// <summary>How many terms a leaf of many cases may have besides four for each: a decision looks at so many bits in about a microsecond.</summary>
    private const int TermsBesides = 16_384;

    /// <summary>A leaf of masks larger than this many words, which are 128 MB, is not worth its memory: a set must compile in 256.</summary>
    private const long MaximumWords = 16_000_000;

    /// <summary>A leaf that tests few cases one after the other; false where they become many terms.</summary>
    public bool TryFew(Problem problem, out int place)
    {
        place = 0;
        if (Terms(problem, problem.Size * 2) is not { } terms)
            return false;
        place = writer.Cases(terms);
        return true;
    }

    /// <summary>
    /// A leaf of many cases: by masks, or one after the other where that is less work for a decision. Sixteen words of a row cost about a test.
    /// </summary>
    public bool TryMany(Problem problem, out int place)
    {
        place = 0;
        if (Terms(problem, problem.Size * 4 + TermsBesides) is not { } terms)
            return false;
        int facets = terms.SelectMany(term => term.Tests).Select(test => test.Facet).Distinct().Count();
        // Terms that share a test make no cells of their own.
        long rows = terms.SelectMany(term => term.Tests).Distinct().Sum(test => 2L * test.Codes.Intervals.Length);
        long words = (terms.Count + 63) / 64;
        bool isMasks = facets > 0 && facets * (limits.CasesPerFacet + words / 16) < terms.Count && rows * words <= MaximumWords;
        place = isMasks ? writer.Masks(MaskLeafBuilder.Build(terms, codes)) : writer.Cases(terms);
        return true;
    }

    private List<Term>? Terms(Problem problem, long limit)
    {
        var terms = new List<Term>();
        foreach (LoweredCase c in problem.Lists[0].Cases)
        {
            int answer = writer.Answer(kind, c.Rule == LoweredCase.Silent ? problem.Decided : [.. problem.Decided.Add(c.Rule).Order()]);
            if (Trees.Terms.Of(c.Condition, conditions, TermsPerCase, budget) is not { } parts)
                return null;
            terms.AddRange(parts.Select(part => new Term([.. part.Select(test => (test.Key, test.Value))], answer)));
            if (terms.Count > limit)
                return null;
        }
        return terms;
    }
}
