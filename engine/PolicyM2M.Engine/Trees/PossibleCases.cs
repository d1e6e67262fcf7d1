namespace PolicyM2M.Engine.Trees;

/// <summary>The cases of a leaf of masks that could match where facets are missing, and what is needed to find them. Mutable, used again by one walk after the other.</summary>
internal sealed class PossibleCases
{
    /// <summary>Where the row of each known facet's cell begins.</summary>
    public List<int> KnownRows { get; } = [];

    /// <summary>Where the row of the cases that do not test it begins, for each missing facet.</summary>
    public List<int> FreeRows { get; } = [];

    /// <summary>The places of the cases, ascending.</summary>
    public List<int> Places { get; } = [];

    public void Clear()
    {
        KnownRows.Clear();
        FreeRows.Clear();
        Places.Clear();
    }
}
