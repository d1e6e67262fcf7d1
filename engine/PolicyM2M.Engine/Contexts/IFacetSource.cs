namespace PolicyM2M.Engine.Contexts;

/// <summary>Something a tree can ask for codes.</summary>
internal interface IFacetSource
{
    /// <summary>The code of a facet; false where what it looks at is missing.</summary>
    bool TryGet(int facet, out long code);

    /// <summary>The attributes that the facets look at.</summary>
    AttributeTable Table { get; }

    /// <summary>How many of these, from the first on, surely have the number of their facet. Fewer than there are may be counted, never more.</summary>
    int CountRefused(ReadOnlySpan<RefusedRange> ranges);
}
