using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// The first cases of a long leaf that each ask one whole number how large it is, as rules leave them that share no attribute: for each the numbers that its test surely refuses. They lie beside each
/// other, so that a walk passes over what fails without reading the program for it. Where it stops the program is read, and says what there is to say. Immutable.
/// </summary>
internal sealed class CaseRun
{
    /// <summary>In a shorter leaf the program is read as fast.</summary>
    public const int FewestCases = 32;

    /// <summary>How many words of the program each takes: an answer, the number of words of its tests, and one test of two words.</summary>
    public const int WordsPerCase = 4;

    private CaseRun(ImmutableArray<RefusedRange> refused) => Refused = refused;

    /// <summary>What the test of each refuses.</summary>
    public ImmutableArray<RefusedRange> Refused { get; }

    /// <summary>Reads it from a leaf.</summary>
    /// <param name="program">The program.</param>
    /// <param name="at">The place of the leaf.</param>
    /// <param name="count">How many cases it has.</param>
    /// <param name="table">What its tests ask.</param>
    public static CaseRun Of(ReadOnlySpan<int> program, int at, int count, AttributeTable table)
    {
        ImmutableArray<RefusedRange>.Builder refused = ImmutableArray.CreateBuilder<RefusedRange>();
        for (int next = at + 1; refused.Count < count && program[next + 1] == WordsPerCase - 2 && Refuses(program, next + 2, table) is { } range; next += WordsPerCase)
            refused.Add(range);
        return new CaseRun(refused.DrainToImmutable());
    }

    private static RefusedRange? Refuses(ReadOnlySpan<int> program, int test, AttributeTable table)
    {
        int facet = Words.NumberOf(program[test]);
        if (facet >= table.Codings.Length || table.Codings[facet].Definition.Type != AttributeType.Int)
            return null;
        (long lowest, long highest) = table.Codes[facet];
        return Words.TestOf(program[test]) switch
        {
            TestKind.AtLeast => RefusedRange.Of(facet, Math.Max(lowest, int.MinValue), program[test + 1] - 1L),
            TestKind.AtMost => RefusedRange.Of(facet, program[test + 1] + 1L, Math.Min(highest, int.MaxValue)),
            _ => null,
        };
    }
}
