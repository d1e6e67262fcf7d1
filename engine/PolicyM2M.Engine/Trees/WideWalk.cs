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
        _path.Pin(Words.NumberOf(program[at]), isKnown: false, 0);
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
        if (TreeWalk.FirstCase(program, at, count, ref _context, ref _path, out int answer) >= 0)
            return _store.Add(answer);
        if (_store.Walked.TryGetValue(at, out uint stated))
            return stated;

        Trials trials = _store.Trials;
        trials.Clear();
        int next = at + 1;
        for (int i = 0; i < count; i++)
        {
            int end = next + 2 + program[next + 1];
            for (next += 2; next < end;)
            {
                int facet = Words.NumberOf(program[next]);
                bool isKnown = _context.TryGet(facet, out long code);
                _path.Pin(facet, isKnown, code);
                if (!isKnown)
                    trials.AddTest(program, next, facet, _codes[facet]);
                next = TestCodes.Next(program, next);
            }
        }
        if (!trials.Start(MaximumTrials))
            return _store.Walked[at] = Bounded(program, at, count);
        stated = uint.MaxValue;
        var nobody = default(NoPath);
        do
        {
            var assumed = new AssumedContext<TContext>(_context, trials.Facets, trials.Codes);
            TreeWalk.FirstCase(program, at, count, ref assumed, ref nobody, out answer);
            stated &= _store.Add(answer);
        }
        while (trials.Next());
        return _store.Walked[at] = stated;
    }

    /// <summary>Each test by itself: the cases that could match, as far as the first that must.</summary>
    private uint Bounded(ReadOnlySpan<int> program, int at, int count)
    {
        uint stated = uint.MaxValue;
        int next = at + 1;
        for (int i = 0; i < count; i++)
        {
            int answer = program[next], end = next + 2 + program[next + 1];
            bool isPossible = true, isCertain = true;
            for (next += 2; next < end && isPossible;)
            {
                bool isKnown = _context.TryGet(Words.NumberOf(program[next]), out long code);
                isPossible = !isKnown || TreeWalk.Holds(program, next, code);
                isCertain &= isKnown;
                next = TestCodes.Next(program, next);
            }
            next = end;
            if (!isPossible)
                continue;
            stated &= _store.Add(answer);
            if (isCertain)
                break;
        }
        return stated;
    }

    private uint Masks(int at, MaskLeaf leaf)
    {
        int match = leaf.FirstMatch(at, ref _context, ref _path);
        if (match >= 0)
            return _store.Add(leaf.Answers[match]);
        if (_store.Walked.TryGetValue(at, out uint stated))
            return stated;
        foreach (int facet in leaf.Facets)
            _path.Pin(facet, _context.TryGet(facet, out long code), code);
        _store.Cases.Clear();
        leaf.Possible(ref _context, _store.Cases);
        stated = uint.MaxValue;
        foreach (int place in CollectionsMarshal.AsSpan(_store.Cases))
            stated &= _store.Add(leaf.Answers[place]);
        return _store.Walked[at] = stated;
    }
}
