using System.Buffers;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Walks the trees of one kind and gathers the rules that apply. Where an attribute is missing every branch is walked, which gives
/// exactly the rules that apply for some value of it: a path tests an attribute at most once, so every branch can be reached.
/// </summary>
internal ref struct TreeWalk<TContext>
    where TContext : IFacetSource, allows ref struct
{
    private readonly DecisionTrees _trees;
    private readonly TContext _context;
    private Span<int> _rules;
    private int[]? _rented;
    private int _count;

    /// <summary>Which nodes were walked already, a bit each: rented only when an attribute is missing. Shared subtrees would otherwise be walked once per path.</summary>
    private ulong[]? _walked;

    private TreeWalk(DecisionTrees trees, TContext context, Span<int> scratch)
    {
        _trees = trees;
        _context = context;
        _rules = scratch;
    }

    /// <summary>Hands the places of the rules that apply, ascending and each once, to <paramref name="use"/>. Allocates nothing.</summary>
    public static T Gather<TState, T>(DecisionTrees trees, int kind, TContext context, TState state, Func<ReadOnlySpan<int>, TState, T> use)
    {
        var walk = new TreeWalk<TContext>(trees, context, stackalloc int[64]);
        try
        {
            foreach (int root in trees.Roots[kind])
                walk.From(root);
            return use(walk.Distinct(), state);
        }
        finally
        {
            if (walk._rented is not null)
                ArrayPool<int>.Shared.Return(walk._rented);
            if (walk._walked is not null)
                ArrayPool<ulong>.Shared.Return(walk._walked);
        }
    }

    private void From(int at)
    {
        while (at >= 0)
        {
            ref readonly TreeNode node = ref _trees.Nodes.ItemRef(at);
            if (!_context.TryGet(node.Facet, out long code))
            {
                if (MarkWalked(at))
                {
                    foreach (int branch in _trees.Branches.AsSpan(node.First, node.Count))
                        From(branch);
                }
                return;
            }
            int place = node.Kind == NodeKind.Direct
                ? (int)(code - node.Base)
                : LastNotAbove(_trees.Bounds.AsSpan(node.FirstBound, node.Count - 1), code);
            at = _trees.Branches[node.First + place];
        }
        if (at != DecisionTrees.Silent)
            Add(~at);
    }

    /// <summary>How many bounds are not above the code: the place of its branch.</summary>
    private static int LastNotAbove(ReadOnlySpan<long> bounds, long code)
    {
        int low = 0, high = bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (bounds[middle] <= code)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private bool MarkWalked(int node)
    {
        if (_walked is null)
        {
            int words = (_trees.Nodes.Length + 63) / 64;
            _walked = ArrayPool<ulong>.Shared.Rent(words);
            _walked.AsSpan(0, words).Clear();
        }
        ref ulong word = ref _walked[node >> 6];
        ulong bit = 1UL << (node & 63);
        bool first = (word & bit) == 0;
        word |= bit;
        return first;
    }

    private void Add(int rule)
    {
        if (_count == _rules.Length)
        {
            int[] larger = ArrayPool<int>.Shared.Rent(_rules.Length * 2);
            _rules.CopyTo(larger);
            if (_rented is not null)
                ArrayPool<int>.Shared.Return(_rented);
            _rules = _rented = larger;
        }
        _rules[_count++] = rule;
    }

    private readonly ReadOnlySpan<int> Distinct()
    {
        Span<int> all = _rules[.._count];
        all.Sort();
        int kept = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (kept == 0 || all[i] != all[kept - 1])
                all[kept++] = all[i];
        }
        return all[..kept];
    }
}
