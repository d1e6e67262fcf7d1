using System.Runtime.InteropServices;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// The whole way through a tree: where a facet is missing every branch is walked, and a fork's subtrees all are. It gathers the rules of every
/// answer that can be reached, and the fields that each of them states whatever the missing facets are. In splits and case lists that is
/// exact as far as facets are free of each other. Elsewhere it is a bound on the safe side, by answers that no values together reach: where a
/// leaf of masks misses a facet, where a list misses too many, and below a fork, whose subtrees are walked each by itself although they may test
/// the same facet: a field that only one of them states for each value is then stated by none.
/// </summary>
internal ref struct WideWalk<TContext, TPath>
    where TContext : IFacetSource, allows ref struct
    where TPath : IPath
{
    /// <summary>Up to this many combinations of missing codes a leaf is tried with each.</summary>
    private const int MaximumTrials = 1024;

    private readonly DecisionTrees _trees;
    private readonly ReadOnlySpan<(long Lowest, long Highest)> _codes;
    private TContext _context;
    private readonly WideWalkStore _store;
    private readonly ref TPath _path;

    /// <param name="trees">The trees.</param>
    /// <param name="codes">The smallest and the largest code of each facet.</param>
    /// <param name="context">What is known.</param>
    /// <param name="store">Where the rules go.</param>
    /// <param name="path">Is told the turns.</param>
    public WideWalk(DecisionTrees trees, ReadOnlySpan<(long Lowest, long Highest)> codes, TContext context, WideWalkStore store, ref TPath path)
    {
        _trees = trees;
        _codes = codes;
        _context = context;
        _store = store;
        _path = ref path;
    }

    /// <summary>Walks a subtree; returns the fields that every answer in it states.</summary>
    public uint From(int at)
    {
        if (at < 0)
            return _store.Add(~at);
        ReadOnlySpan<int> program = _trees.Program.AsSpan();
        int number = Words.NumberOf(program[at]);
        switch (Words.KindOf(program[at]))
        {
            case NodeKind.Cases:
                return Cases(program, at, number);
            case NodeKind.Masks:
                return Masks(at, _trees.Masks[number]);
            case NodeKind.Fork:
                uint together = 0;
                foreach (int child in program.Slice(at + 1, number))
                    together |= From(child);
                return together;
            default:
                if (_context.TryGet(number, out long code))
                {
                    int branch = TreeWalk.BranchOf(program, at, code);
                    _path.Turn(at, branch);
                    return From(TreeWalk.Branches(program, at)[branch]);
                }
                return Every(program, at);
        }
    }

    private uint Every(ReadOnlySpan<int> program, int at)
    {
        // Shared subtrees would otherwise be walked once per path.
        if (_store.Walked.TryGetValue(at, out uint stated))
            return stated;
        _path.Miss(Words.NumberOf(program[at]));
        stated = uint.MaxValue;
        int last = int.MinValue;
        foreach (int branch in TreeWalk.Branches(program, at))
        {
            if (branch != last)
                stated &= From(branch);
            last = branch;
        }
        return _store.Walked[at] = stated;
    }

    private uint Cases(ReadOnlySpan<int> program, int at, int count)
    {
        if (_store.Walked.TryGetValue(at, out uint stated))
            return stated;
        if (TreeWalk.FirstCase(_trees, at, count, ref _context, ref _path, out int answer) >= 0)
            return _store.Add(answer);
        Possible(program, at, count);
        Trials trials = _store.Trials;
        stated = uint.MaxValue;
        if (trials.Start(MaximumTrials))
        {
            do
                stated &= _store.Add(trials.Answer(program));
            while (trials.Next());
        }
        else
        {
            // Each test by itself.
            foreach (int possible in trials.Answers)
                stated &= _store.Add(possible);
        }
        return _store.Walked[at] = stated;
    }

    /// <summary>Gathers the cases that could match, as far as the first that must, and of their tests those of what is missing. All that hangs on is how the others come out.</summary>
    private void Possible(ReadOnlySpan<int> program, int at, int count)
    {
        Trials trials = _store.Trials;
        trials.Clear();
        int next = at + 1;
        for (int place = 0; place < count; place++)
        {
            int answer = program[next], first = next + 2, end = first + program[next + 1];
            next = end;
            if (Failed(program, first, end) is >= 0 and int failed)
            {
                _path.Turn(at, failed);
                continue;
            }
            _path.Turn(at, Step.Matched(place));
            trials.AddCase(answer);
            bool isCertain = true;
            for (int test = first; test < end; test = TestCodes.Next(program, test))
            {
                int facet = Words.NumberOf(program[test]);
                if (_context.TryGet(facet, out _))
                    continue;
                _path.Miss(facet);
                trials.AddTest(program, test, facet, _codes[facet]);
                isCertain = false;
            }
            if (isCertain)
                break;
        }
    }

    /// <summary>The first test that surely fails; -1 where none does.</summary>
    private int Failed(ReadOnlySpan<int> program, int first, int end)
    {
        for (int test = first; test < end; test = TestCodes.Next(program, test))
        {
            if (_context.TryGet(Words.NumberOf(program[test]), out long code) && !TreeWalk.Holds(program, test, code))
                return test;
        }
        return -1;
    }

    private uint Masks(int at, MaskLeaf leaf)
    {
        if (_store.Walked.TryGetValue(at, out uint stated))
            return stated;
        int match = leaf.FirstMatch(at, ref _context, ref _path);
        if (match >= 0)
            return _store.Add(leaf.Answers[match]);
        PossibleCases cases = _store.Cases;
        leaf.Possible(at, ~match, ref _context, ref _path, cases);
        stated = uint.MaxValue;
        foreach (int place in CollectionsMarshal.AsSpan(cases.Places))
            stated &= _store.Add(leaf.Answers[place]);
        return _store.Walked[at] = stated;
    }
}
