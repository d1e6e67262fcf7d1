using System.Collections.Concurrent;
using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// The trees of a bundle: one for each kind of decision, all in one flat program of 32-bit words (<see cref="NodeKind"/> tells its
/// form). A reference to a subtree is, where it is not negative, the place of a node in the program; otherwise it is the complement of
/// an answer's place. Equal subtrees are one, so trees share; a reference always leads to a node that stands earlier, so no walk can run in a
/// circle. Immutable but for what it reads once and keeps, and shared by all threads.
/// </summary>
internal sealed class DecisionTrees(ImmutableArray<int> program, ImmutableArray<MaskLeaf> masks, AnswerTable answers, ImmutableArray<int> roots)
{
    private readonly ConcurrentDictionary<int, CaseRun> _runs = [];

    /// <summary>The nodes, one after the other.</summary>
    public ImmutableArray<int> Program { get; } = program;

    /// <summary>The leaves that are too large to be tested case by case.</summary>
    public ImmutableArray<MaskLeaf> Masks { get; } = masks;

    /// <summary>What leaves answer.</summary>
    public AnswerTable Answers { get; } = answers;

    /// <summary>The tree of each kind.</summary>
    public ImmutableArray<int> Roots { get; } = roots;

    /// <summary>The run that a long leaf begins with; read from the program when first asked for.</summary>
    /// <param name="at">The place of the leaf.</param>
    /// <param name="count">How many cases it has.</param>
    /// <param name="table">What its tests ask: always the same.</param>
    public CaseRun RunAt(int at, int count, AttributeTable table) =>
        _runs.TryGetValue(at, out CaseRun? known) ? known : _runs.GetOrAdd(at, CaseRun.Of(Program.AsSpan(), at, count, table));
}

/// <summary>The forms of a node. Its first word is the form in the lowest three bits, and above them the facet or number named here.</summary>
internal enum NodeKind
{
    /// <summary>A facet. Then the first code, the number of codes, and a reference for each code.</summary>
    Direct,

    /// <summary>A facet. Then the number of branches n, n - 1 ascending bounds, and n references: the branch is that of the last bound not above the code.</summary>
    Ordered,

    /// <summary>As <see cref="Ordered"/>, each bound in two words, the low one first.</summary>
    OrderedWide,

    /// <summary>A number of cases, tested in order: for each its answer, the number of words of its tests, and the tests (<see cref="TestKind"/>), which must all hold. The last has none.</summary>
    Cases,

    /// <summary>The place of a <see cref="MaskLeaf"/>.</summary>
    Masks,

    /// <summary>A number of subtrees, a reference for each: they speak of different things, and what each answers holds together.</summary>
    Fork,
}

/// <summary>The forms of a test of a case. Its first word is the form in the lowest three bits, and above them the facet.</summary>
internal enum TestKind
{
    /// <summary>One word: the code is at least that.</summary>
    AtLeast,

    /// <summary>One word: the code is at most that.</summary>
    AtMost,

    /// <summary>Two words: the code lies between them, both included.</summary>
    Between,

    /// <summary>A number of intervals, and two words for each, ascending: the code lies in one of them.</summary>
    In,

    /// <summary>As <see cref="In"/>, each end in two words, the low one first.</summary>
    InWide,
}

/// <summary>How the words of a program are taken apart.</summary>
internal static class Words
{
    public const int KindBits = 3;

    private const int KindMask = (1 << KindBits) - 1;

    public static NodeKind KindOf(int header) => (NodeKind)(header & KindMask);

    public static TestKind TestOf(int header) => (TestKind)(header & KindMask);

    public static int NumberOf(int header) => header >>> KindBits;

    public static int Header(NodeKind kind, int number) => (int)kind | number << KindBits;

    public static int Header(TestKind kind, int facet) => (int)kind | facet << KindBits;

    public static long Wide(ReadOnlySpan<int> program, int at) => (uint)program[at] | (long)program[at + 1] << 32;
}
