namespace PolicyM2M.Engine.Contexts;

/// <summary>A context in which some missing facets are assumed to have certain codes.</summary>
/// <param name="context">What is known.</param>
/// <param name="facets">The facets of which something is assumed.</param>
/// <param name="codes">What is assumed of each.</param>
internal readonly ref struct AssumedContext<TContext>(TContext context, ReadOnlySpan<int> facets, ReadOnlySpan<long> codes) : IFacetSource
    where TContext : IFacetSource, allows ref struct
{
    private readonly TContext _context = context;
    private readonly ReadOnlySpan<int> _facets = facets;
    private readonly ReadOnlySpan<long> _codes = codes;

    public bool TryGet(int facet, out long code)
    {
        int at = _facets.IndexOf(facet);
        if (at < 0)
            return _context.TryGet(facet, out code);
        code = _codes[at];
        return true;
    }
}
