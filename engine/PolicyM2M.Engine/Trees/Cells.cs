using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// Everything that the walk of one tree can hang on: the facets that it tests, each cut into cells by all bounds that any test compares it with. Contexts whose facets lie in
/// the same cells, and miss the same ones, have the same decision.
/// </summary>
internal sealed class Cells
{
    /// <summary>Beyond so many facets telling the cells costs as much as walking.</summary>
    public const int MaximumFacets = 64;

    private const int MaximumBounds = 1 << 20;

    /// <summary>What stands for a facet that is missing: no cell has it.</summary>
    private const long Missing = -1;

    private readonly int[] _facets;
    private readonly long[][] _bounds;

    private Cells(int[] facets, long[][] bounds)
    {
        _facets = facets;
        _bounds = bounds;
    }

    /// <summary>How many numbers a key has.</summary>
    public int Count => _facets.Length;

    /// <summary>The cells of the tree that begins at a place; null where there are too many facets or bounds.</summary>
    public static Cells? Of(DecisionTrees trees, ReadOnlySpan<(long Lowest, long Highest)> codes, int root) =>
        TreeCuts.Of(trees, codes, root, MaximumFacets, MaximumBounds) is { } cuts ? new Cells([.. cuts.Keys], [.. cuts.Values]) : null;

    /// <summary>The cells that a context lies in.</summary>
    /// <param name="context">The context.</param>
    /// <param name="key">Takes <see cref="Count"/> numbers.</param>
    public void Read<TContext>(scoped ref TContext context, scoped Span<long> key)
        where TContext : IFacetSource, allows ref struct
    {
        for (int i = 0; i < _facets.Length; i++)
            key[i] = context.TryGet(_facets[i], out long code) ? Ascending.NotAbove(_bounds[i], code) : Missing;
    }
}
