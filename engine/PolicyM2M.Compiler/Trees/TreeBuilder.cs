using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Trees;

/// <summary>
/// Lists of cases to trees. A node splits the cases by the attribute that most of them test, at every code where one of them
/// changes; below a branch the cases are what is left of them, so a path tests an attribute once. Lists that have become equal
/// share one subtree.
/// </summary>
internal sealed class TreeBuilder
{
    /// <summary>A path tests an attribute once, and building a path is a recursion: its depth must leave the stack alone.</summary>
    private const int MaximumDepth = 300;

    /// <summary>Up to this many codes a branch is found by place, whatever the room; beyond it only where most codes differ.</summary>
    private const int AlwaysDirect = 64;

    private readonly AttributeTable _attributes;
    private readonly ConditionTable _conditions;
    private readonly CompileBudget _budget;
    private readonly Dictionary<Problem, int> _built = [];
    private readonly ImmutableArray<TreeNode>.Builder _nodes = ImmutableArray.CreateBuilder<TreeNode>();
    private readonly ImmutableArray<int>.Builder _branches = ImmutableArray.CreateBuilder<int>();
    private readonly ImmutableArray<long>.Builder _bounds = ImmutableArray.CreateBuilder<long>();

    private TreeBuilder(LoweredPolicySet set, CompileBudget budget)
    {
        _budget = budget;
        _attributes = set.Attributes;
        _conditions = set.Conditions;
    }

    /// <exception cref="BudgetExceededException">The trees are too much work.</exception>
    public static DecisionTrees Build(LoweredPolicySet set, CompileBudget budget)
    {
        var builder = new TreeBuilder(set, budget);
        var roots = DecisionKinds.All.Select(_ => ImmutableArray.CreateBuilder<int>()).ToArray();
        foreach (LoweredClause clause in set.Clauses)
        {
            budget.At = clause.Source;
            int root = builder.Subtree(new Problem([.. clause.Lists.Select(cases => new CaseList(cases))]), depth: 1);
            if (root != DecisionTrees.Silent)
                roots[clause.Kind].Add(root);
        }
        return new DecisionTrees(builder._nodes.ToImmutable(), builder._branches.ToImmutable(), builder._bounds.ToImmutable(),
            [.. roots.Select(r => r.ToImmutable())]);
    }

    private int Subtree(Problem problem, int depth)
    {
        if (!IsOpen(problem, out Problem open, out int leaf))
            return leaf;
        if (_built.TryGetValue(open, out int built))
            return built;

        if (depth > MaximumDepth)
            throw new BudgetExceededException();
        int attribute = MostTested(open);
        (long[] starts, int[] targets) = Merged(Cells(open, attribute, depth));
        int node = targets.Length == 1 ? targets[0] : Node(attribute, starts, targets);
        return _built[open] = node;
    }

    /// <summary>The branches of a split: where each begins, and where it leads.</summary>
    private List<(long Start, int Target)> Cells(Problem open, int attribute, int depth)
    {
        var bounds = new SortedSet<long> { _attributes.Codes[attribute].Lowest };
        var seen = new HashSet<int>();
        foreach (LoweredCase c in open.Cases)
            _conditions.AddBounds(c.Condition, attribute, bounds, seen);
        var cells = new List<(long, int)>(bounds.Count);
        foreach (long start in bounds)
        {
            if (start > _attributes.Codes[attribute].Highest)
                break;
            _budget.Spend(open.Lists.Sum(list => (long)list.Cases.Length));
            Problem restricted = open.Restricted(c => _conditions.Restrict(c, attribute, start));
            cells.Add((start, Subtree(restricted, depth + 1)));
        }
        return cells;
    }

    /// <summary>
    /// What is left to decide; false where nothing is, with the leaf. Of several lists one that comes to silence silences all, and one
    /// that comes to the leaf no longer matters.
    /// </summary>
    private static bool IsOpen(Problem problem, out Problem open, out int leaf)
    {
        leaf = DecisionTrees.Silent;
        var undecided = ImmutableArray.CreateBuilder<CaseList>();
        foreach (CaseList list in problem.Lists.Select(Pruned))
        {
            if (list.Cases[0].Condition != ConditionTable.Always)
            {
                undecided.Add(list);
                continue;
            }
            leaf = list.Cases[0].Leaf;
            if (leaf == DecisionTrees.Silent)
            {
                open = problem;
                return false;
            }
        }
        open = new Problem(undecided.ToImmutable());
        return undecided.Count > 0;
    }

    /// <summary>Drops cases that cannot match, and those after one that always does.</summary>
    private static CaseList Pruned(CaseList list)
    {
        var kept = ImmutableArray.CreateBuilder<LoweredCase>();
        foreach (LoweredCase c in list.Cases)
        {
            if (c.Condition == ConditionTable.Never)
                continue;
            kept.Add(c);
            if (c.Condition == ConditionTable.Always)
                break;
        }

        // A last case that says the same as the one that always matches adds nothing.
        while (kept.Count > 1 && kept[^2].Leaf == kept[^1].Leaf)
            kept.RemoveAt(kept.Count - 2);
        return new CaseList(kept.ToImmutable());
    }

    /// <summary>The attribute that the most cases test; of equals the one tested first, so that cases which share nothing are decided one after the other.</summary>
    private int MostTested(Problem open)
    {
        var tests = new int[_attributes.Codes.Length];
        foreach (LoweredCase c in open.Cases)
        {
            foreach (int attribute in _conditions.AttributesOf(c.Condition))
                tests[attribute]++;
        }
        int most = tests.Max();
        return open.Cases.SelectMany(c => _conditions.AttributesOf(c.Condition).AsEnumerable()).First(attribute => tests[attribute] == most);
    }

    private static (long[] Starts, int[] Targets) Merged(List<(long Start, int Target)> cells)
    {
        var kept = new List<(long Start, int Target)>();
        foreach ((long Start, int Target) cell in cells)
        {
            if (kept.Count == 0 || kept[^1].Target != cell.Target)
                kept.Add(cell);
        }
        return ([.. kept.Select(c => c.Start)], [.. kept.Select(c => c.Target)]);
    }

    private int Node(int attribute, long[] starts, int[] targets)
    {
        (long lowest, long highest) = _attributes.Codes[attribute];
        int first = _branches.Count;
        ulong codes = unchecked((ulong)highest - (ulong)lowest);
        if (codes < AlwaysDirect || codes < (ulong)targets.Length * 2)
        {
            int at = 0;
            for (long code = lowest; ; code++)
            {
                if (at + 1 < starts.Length && code == starts[at + 1])
                    at++;
                _branches.Add(targets[at]);
                if (code == highest)
                    break;
            }
            _nodes.Add(new TreeNode(NodeKind.Direct, attribute, first, _branches.Count - first, 0, lowest));
        }
        else
        {
            int firstBound = _bounds.Count;
            _branches.AddRange(targets);
            _bounds.AddRange(starts.AsSpan(1));
            _nodes.Add(new TreeNode(NodeKind.Ordered, attribute, first, targets.Length, firstBound, 0));
        }
        return _nodes.Count - 1;
    }

    /// <summary>Cases, equal by content.</summary>
    private readonly record struct CaseList(ImmutableArray<LoweredCase> Cases)
    {
        public bool Equals(CaseList other) => Cases.AsSpan().SequenceEqual(other.Cases.AsSpan());

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (LoweredCase c in Cases)
                hash.Add(c);
            return hash.ToHashCode();
        }
    }

    /// <summary>The lists of a clause as far as they are not decided yet, equal by content.</summary>
    private readonly record struct Problem(ImmutableArray<CaseList> Lists)
    {
        public IEnumerable<LoweredCase> Cases => Lists.SelectMany(list => list.Cases);

        public Problem Restricted(Func<int, int> restrict) =>
            new([.. Lists.Select(list => new CaseList([.. list.Cases.Select(c => c with { Condition = restrict(c.Condition) })]))]);

        public bool Equals(Problem other) => Lists.AsSpan().SequenceEqual(other.Lists.AsSpan());

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (CaseList list in Lists)
                hash.Add(list);
            return hash.ToHashCode();
        }
    }
}
