namespace PolicyM2M.Engine.Contexts;

/// <summary>Something a tree can ask for codes.</summary>
internal interface IFacetSource
{
    /// <summary>The code of a facet; false where what it looks at is missing.</summary>
    bool TryGet(int facet, out long code);
}
