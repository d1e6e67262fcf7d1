using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Trees;

/// <summary>
/// Lists of cases to trees, one for each kind of decision. First all lists of a kind are split together, facet by facet, until each path knows all
/// rules that apply: one walk then gives the whole answer. Where that would grow out of proportion to the rules, as lists that share no facets do,
/// the tree splits only where that copies few cases; what is left then becomes leaves that keep cases, and lists that have nothing in common
/// fork. Problems that have become equal share one subtree.
/// </summary>
internal sealed class TreeBuilder
{
    /// <summary>A path tests a facet once, and building a path is a recursion: its depth must leave the stack alone.</summary>
    private const int MaximumDepth = 300;

    /// <summary>
    /// How often building a whole tree may copy each case, and besides. A case is copied once for each level of its paths: this is room for a dozen levels that copy it into
    /// two cells each now and then. What is granted besides lets small sets have whole trees out of all proportion, as they can afford.
    /// </summary>
    private const int CopiesPerCase = 24, CopiesBesides = 50_000;

    /// <summary>Lists of more cases have never made a whole tree of reasonable size: it is not tried.</summary>
    private const int LargestWhole = 4000;

    /// <summary>How many cases a split may leave beyond twice those it splits, so that a handful of cases may be split into many cells.</summary>
    private const int Besides = 64;

    /// <summary>
    /// How much work may be spent where a case joins its tests in too many ways for a leaf: a second or two. Such splits multiply, so that what
    /// does not end soon would not end within the whole budget either.
    /// </summary>
    private const long ForcedWork = 1_000_000;

    private readonly TreeLimits _limits;
    private readonly CompileBudget _budget;
    private readonly ProgramWriter _writer;
    private readonly Splitter _splitter;
    private readonly FacetChoice _choice;
    private readonly LeafBuilder _leaves;
    private readonly int _kind;
    private Dictionary<Problem, int> _built = [];
    private long _copies;
    private long _forcedWork = ForcedWork;
    private bool _isForced;

    private TreeBuilder(LoweredPolicySet set, ProgramWriter writer, int kind, CompileBudget budget, TreeLimits limits)
    {
        _limits = limits;
        _budget = budget;
        _writer = writer;
        _kind = kind;
        _splitter = new Splitter(set.Conditions, set.Attributes.Codes, budget);
        _choice = new FacetChoice(set.Conditions, _splitter, budget);
        _leaves = new LeafBuilder(set.Conditions, set.Attributes.Codes, writer, kind, budget, limits);
    }

    /// <exception cref="BudgetExceededException">The trees are too much work.</exception>
    public static DecisionTrees Build(LoweredPolicySet set, CompileBudget budget, TreeLimits limits)
    {
        var writer = new ProgramWriter(set.Attributes.Codes);
        var roots = new List<int>();
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            ImmutableArray<LoweredList> lists = [.. set.Lists.Where(list => list.Kind == (int)kind)];
            if (!lists.IsEmpty)
                budget.At = lists[0].Source;
            roots.Add(new TreeBuilder(set, writer, (int)kind, budget, limits).Root(Problem.Of([], lists.Select(list => CaseList.Of(list.Cases)))));
        }
        return writer.ToTrees(roots);
    }

    private int Root(Problem problem) => TryWhole(problem, out int whole) ? whole : Lean(problem, depth: 1);

    /// <summary>The tree that splits all lists to the end; false where it grows too large.</summary>
    private bool TryWhole(Problem problem, out int root)
    {
        root = 0;
        if (problem.Size > LargestWhole)
            return false;
        ProgramWriter.Mark mark = _writer.Here;
        Dictionary<Problem, int> before = _built;
        _built = [];
        _copies = CopiesBesides + CopiesPerCase * problem.Size;
        long words = _writer.Length + _limits.WordsBesides + _limits.WordsPerCase * problem.Size;
        bool isBuilt = Whole(problem, words, depth: 1, out root);
        _built = before;
        if (!isBuilt)
            _writer.Return(mark);
        return isBuilt;
    }

    private bool Whole(Problem problem, long words, int depth, out int place)
    {
        if (problem.Lists.IsEmpty)
        {
            place = Answer(problem);
            return true;
        }
        if (_built.TryGetValue(problem, out place))
            return true;
        if (depth > MaximumDepth || _writer.Length > words)
            return false;
        int facet = _choice.Best(problem, long.MaxValue);
        if (_splitter.Split(problem, facet, _copies) is not { } cells)
            return false;
        var targets = new List<(long Start, int Target)>(cells.Count);
        foreach ((long start, Problem part) in cells)
        {
            _copies -= part.Size;
            if (_copies < 0 || !Whole(part, words, depth + 1, out int target))
                return false;
            targets.Add((start, target));
        }
        place = _built[problem] = _writer.Test(facet, targets);
        return true;
    }

    private int Lean(Problem problem, int depth)
    {
        if (problem.Lists.IsEmpty)
            return Answer(problem);
        if (_built.TryGetValue(problem, out int built))
            return built;
        return _built[problem] = problem.Lists.Length == 1 && problem.Size <= _limits.FewCases && _leaves.TryFew(problem, out int few) ? few
            : TrySplit(problem, depth, out int test) ? test
            : problem.Lists.Length > 1 ? Fork(problem, depth)
            : _leaves.TryMany(problem, out int many) ? many
            : Forced(problem, depth);
    }

    /// <summary>A split that copies few cases; false where there is none.</summary>
    private bool TrySplit(Problem problem, int depth, out int place)
    {
        place = 0;
        int facet = _choice.Best(problem, problem.Size * _limits.CopiesInTwo / 2 + _limits.FewCases);
        if (depth > MaximumDepth || facet < 0 || _splitter.Split(problem, facet, 2 * problem.Size + Besides) is not { } cells)
            return false;
        place = _writer.Test(facet, [.. cells.Select(cell => (cell.Start, Lean(cell.Problem, depth + 1)))]);
        return true;
    }

    /// <summary>A case that joins its tests in too many ways for a leaf is split, however many cases that copies: the budget watches.</summary>
    private int Forced(Problem problem, int depth)
    {
        if (_isForced)
            return ForcedSplit(problem, depth);
        _isForced = true;
        int place = _budget.Within(ref _forcedWork, () => ForcedSplit(problem, depth));
        _isForced = false;
        return place;
    }

    private int ForcedSplit(Problem problem, int depth)
    {
        int facet = _choice.Best(problem, long.MaxValue);
        if (depth > MaximumDepth)
            throw new BudgetExceededException();
        return _writer.Test(facet, [.. _splitter.Split(problem, facet, long.MaxValue)!.Select(cell => (cell.Start, Lean(cell.Problem, depth + 1)))]);
    }

    /// <summary>The short lists together, as far as they make one tree, and each of the others by itself.</summary>
    private int Fork(Problem problem, int depth)
    {
        var children = new List<int>();
        ImmutableArray<CaseList> shortLists = [.. problem.Lists.Where(list => list.Cases.Length <= _limits.FewCases)];
        IEnumerable<CaseList> alone = problem.Lists.Where(list => list.Cases.Length > _limits.FewCases);
        if (shortLists.Length > 0 && TryWhole(new Problem(problem.Decided, shortLists), out int together))
        {
            children.Add(together);
        }
        else
        {
            alone = problem.Lists;
            if (!problem.Decided.IsEmpty)
                children.Add(Answer(problem));
        }
        children.AddRange(alone.Select(list => Lean(new Problem([], [list]), depth + 1)));
        return _writer.Fork(children);
    }

    private int Answer(Problem problem) => ProgramWriter.Leaf(_writer.Answer(_kind, problem.Decided));
}
