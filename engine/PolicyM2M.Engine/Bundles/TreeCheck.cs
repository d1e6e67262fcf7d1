using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>Checks what a walk takes for granted: every place exists, every reference leads to what stands earlier, every code finds a branch, every leaf is of its tree's kind.</summary>
internal sealed class TreeCheck
{
    private const int MaximumDepth = 1000;

    private readonly DecisionTrees _trees;
    private readonly AttributeTable _attributes;
    private readonly RuleTable _rules;
    private readonly int[] _kindOfAnswer;
    private readonly Dictionary<int, byte> _kinds = [];

    /// <summary>For each node how deep the tree below it is; 0 where no node begins. A wide walk is a recursion, and must leave the stack alone.</summary>
    private readonly int[] _depths;
    private int _deepest;
    private readonly bool[] _forks;
    private bool _isAboveFork;

    private TreeCheck(DecisionTrees trees, AttributeTable attributes, RuleTable rules)
    {
        _trees = trees;
        _attributes = attributes;
        _rules = rules;
        _kindOfAnswer = new int[Math.Max(0, trees.Answers.Count)];
        _depths = new int[trees.Program.Length];
        _forks = new bool[trees.Program.Length];
    }

    /// <exception cref="InvalidDataException">The trees are damaged.</exception>
    public static void Check(DecisionTrees trees, AttributeTable attributes, RuleTable rules)
    {
        var check = new TreeCheck(trees, attributes, rules);
        check.Answers();
        foreach (MaskLeaf leaf in trees.Masks)
            check.Masks(leaf);
        check.Program();
        Demand(trees.Roots.Length == DecisionKinds.All.Count, "there is not one tree for each kind");
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            check.Reference(trees.Roots[(int)kind], trees.Program.Length);
            check.Leaves(kind);
        }
    }

    /// <summary>Each answer is a set of rules of one kind; the first are the empty ones.</summary>
    private void Answers()
    {
        AnswerTable answers = _trees.Answers;
        Demand(answers.Count >= DecisionKinds.All.Count && answers.Starts[0] == 0 && answers.Starts[^1] == answers.Rules.Length, "the answers are not there");
        for (int answer = 0; answer < answers.Count; answer++)
        {
            Demand(answers.Starts[answer] <= answers.Starts[answer + 1] && answers.Starts[answer + 1] <= answers.Rules.Length, "an answer is not there");
            ReadOnlySpan<int> rules = answers[answer];
            Demand(rules.IsEmpty == answer < DecisionKinds.All.Count, "an answer is empty, or an empty one is not");
            for (int i = 0; i < rules.Length; i++)
                Demand(rules[i] < _rules.Count && rules[i] > (i == 0 ? -1 : rules[i - 1]), "an answer names a rule that is not there");
            _kindOfAnswer[answer] = rules.IsEmpty ? answer : (int)_rules.KindOf(rules[0]);
            foreach (int rule in rules)
                Demand((int)_rules.KindOf(rule) == _kindOfAnswer[answer], "an answer joins rules of several kinds");
        }
    }

    private void Program()
    {
        ReadOnlySpan<int> program = _trees.Program.AsSpan();
        for (int at = 0; at < program.Length;)
        {
            int node = at, header = program[at], number = Words.NumberOf(header);
            NodeKind kind = Words.KindOf(header);
            Demand(header >= 0 && kind <= NodeKind.Fork, "a node has no form");
            at = kind switch
            {
                NodeKind.Cases => Cases(node, number),
                NodeKind.Masks => number < _trees.Masks.Length ? node + 1 : -1,
                NodeKind.Fork => References(node, node + 1, number),
                _ => Test(node, kind, number),
            };
            Demand(at >= 0, "a node speaks of what is not there");
            _depths[node] = 1 + _deepest;
            _deepest = 0;
            Demand(_depths[node] <= MaximumDepth, "a tree is too deep");
            // A walk takes all branches of a fork: with forks below forks it could go on for longer than anybody lives.
            Demand(kind != NodeKind.Fork || !_isAboveFork, "a fork lies below another");
            _forks[node] = kind == NodeKind.Fork || _isAboveFork;
            _isAboveFork = false;
        }
    }

    private int Test(int node, NodeKind kind, int facet)
    {
        ReadOnlySpan<int> program = _trees.Program.AsSpan();
        Demand(facet < _attributes.Codes.Length, "a node tests what is not there");
        (long lowest, long highest) = _attributes.Codes[facet];
        int counted = kind == NodeKind.Direct ? node + 2 : node + 1;
        Demand(counted < program.Length && program[counted] > 0, "a node has no branches");
        int count = program[counted];
        if (kind == NodeKind.Direct)
        {
            Demand(program[node + 1] == lowest && unchecked((ulong)highest - (ulong)lowest) == (ulong)count - 1, "a node has not one branch for each code");
            return References(node, node + 3, count);
        }
        int words = kind == NodeKind.Ordered ? 1 : 2;
        long end = node + 2L + (long)words * (count - 1);
        Demand(end <= program.Length, "a node's bounds are not there");
        long last = lowest;
        for (int i = 0; i < count - 1; i++)
        {
            long bound = words == 1 ? program[node + 2 + i] : Words.Wide(program, node + 2 + 2 * i);
            Demand(bound > last && bound <= highest, "a node's bounds do not ascend");
            last = bound;
        }
        return References(node, (int)end, count);
    }

    private int References(int node, int first, int count)
    {
        Demand(count > 0 && (long)first + count <= _trees.Program.Length, "a node's branches are not there");
        foreach (int reference in _trees.Program.AsSpan(first, count))
            Reference(reference, node);
        return first + count;
    }

    private void Reference(int reference, int before)
    {
        if (reference < 0)
        {
            Demand(~reference < _kindOfAnswer.Length, "a leaf names an answer that is not there");
            return;
        }
        Demand(reference < before && _depths[reference] > 0, "a branch does not lead to an earlier node");
        _deepest = Math.Max(_deepest, _depths[reference]);
        _isAboveFork |= _forks[reference];
    }

    private int Cases(int node, int count)
    {
        ReadOnlySpan<int> program = _trees.Program.AsSpan();
        int at = node + 1;
        Demand(count > 0, "a leaf has no cases");
        for (int i = 0; i < count; i++)
        {
            Demand(at + 2 <= program.Length && program[at] >= 0 && program[at] < _kindOfAnswer.Length, "a case has no answer");
            int length = program[at + 1];
            Demand(length >= 0 && length <= program.Length - at - 2 && (length == 0) == (i == count - 1), "a case's tests are not there");
            int end = at + 2 + length;
            for (at += 2; at < end;)
            {
                Demand(at + 2 <= end, "a case's tests are not there");
                TestKind kind = Words.TestOf(program[at]);
                int facet = Words.NumberOf(program[at]);
                Demand(program[at] >= 0 && kind <= TestKind.InWide && facet < _attributes.Codes.Length, "a case tests what is not there");
                Demand(kind < TestKind.In || (program[at + 1] > 0 && program[at + 1] <= (end - at) / 2), "a test's intervals are not there");
                Demand(TestCodes.Next(program, at) <= end, "a case's tests are not there");
                long last = long.MinValue;
                for (int t = 0; t < TestCodes.Count(program, at); t++)
                {
                    (long low, long high) = TestCodes.Interval(program, at, t, _attributes.Codes[facet]);
                    Demand(low >= last && low <= high && low >= _attributes.Codes[facet].Lowest && high <= _attributes.Codes[facet].Highest, "a test's intervals do not ascend");
                    last = high;
                }
                at = TestCodes.Next(program, at);
            }
        }
        return at;
    }

    private void Masks(MaskLeaf leaf)
    {
        int facets = leaf.Facets.Length, rows = leaf.Answers.Length == 0 ? 0 : leaf.Rows.Length / leaf.WordsPerRow;
        Demand(facets > 0 && rows > 0 && leaf.Rows.Length == rows * leaf.WordsPerRow, "a leaf has no rows");
        Demand(leaf.FirstBounds.Length == facets + 1 && leaf.FirstBounds[0] == 0 && leaf.FirstBounds[^1] == leaf.Bounds.Length, "a leaf's bounds are not there");
        Demand(leaf.RowOf.Length == leaf.Bounds.Length + facets && leaf.FreeRows.Length == facets, "a leaf's cells are not there");
        int lastWord = leaf.WordsPerRow - 1, lastBit = (leaf.Answers.Length - 1) % 64;
        for (int i = 0; i < facets; i++)
        {
            Demand(leaf.Facets[i] >= 0 && leaf.Facets[i] < _attributes.Codes.Length && (i == 0 || leaf.Facets[i - 1] < leaf.Facets[i]), "a leaf tests what is not there");
            Demand(leaf.FirstBounds[i] <= leaf.FirstBounds[i + 1] && leaf.FirstBounds[i + 1] <= leaf.Bounds.Length, "a leaf's bounds are not there");
            long last = _attributes.Codes[leaf.Facets[i]].Lowest;
            foreach (long bound in leaf.Bounds.AsSpan(leaf.FirstBounds[i], leaf.FirstBounds[i + 1] - leaf.FirstBounds[i]))
            {
                Demand(bound > last && bound <= _attributes.Codes[leaf.Facets[i]].Highest, "a leaf's bounds do not ascend");
                last = bound;
            }
        }
        foreach (int row in leaf.RowOf.Concat(leaf.FreeRows))
        {
            Demand(row >= 0 && row < rows, "a leaf has not the rows that it names");
            ulong word = leaf.Rows[row * leaf.WordsPerRow + lastWord];
            Demand((word & 1UL << lastBit) != 0 && (lastBit == 63 || word >> (lastBit + 1) == 0), "a leaf's last case does not match always");
        }
        foreach (int answer in leaf.Answers)
            Demand(answer >= 0 && answer < _kindOfAnswer.Length, "a case has no answer");
    }

    /// <summary>Every leaf under a root must be of the root's kind.</summary>
    private void Leaves(DecisionKind kind)
    {
        ReadOnlySpan<int> program = _trees.Program.AsSpan();
        byte bit = (byte)(1 << (int)kind);
        var below = new Stack<int>([_trees.Roots[(int)kind]]);
        while (below.TryPop(out int at))
        {
            if (at < 0)
            {
                Leaf(~at);
                continue;
            }
            byte seen = _kinds.GetValueOrDefault(at);
            if ((seen & bit) != 0)
                continue;
            _kinds[at] = (byte)(seen | bit);
            int number = Words.NumberOf(program[at]);
            switch (Words.KindOf(program[at]))
            {
                case NodeKind.Cases:
                    for (int i = 0, next = at + 1; i < number; i++, next += 2 + program[next + 1])
                        Leaf(program[next]);
                    break;
                case NodeKind.Masks:
                    foreach (int answer in _trees.Masks[number].Answers)
                        Leaf(answer);
                    break;
                case NodeKind.Fork:
                    foreach (int child in program.Slice(at + 1, number))
                        below.Push(child);
                    break;
                default:
                    foreach (int branch in TreeWalk.Branches(program, at))
                        below.Push(branch);
                    break;
            }
        }

        void Leaf(int answer) => Demand(_kindOfAnswer[answer] == (int)kind, "a leaf answers for another kind");
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"the bundle is damaged: {otherwise}");
    }
}
