namespace PolicyM2M.Engine.Contexts;

/// <summary>Numbers of a facet that a test refuses, and that the facet may have.</summary>
/// <param name="Facet">The facet: an attribute that is a whole number.</param>
/// <param name="Low">The lowest.</param>
/// <param name="Width">How many more there are.</param>
internal readonly record struct RefusedRange(int Facet, int Low, uint Width)
{
    /// <summary>Null where there are none, or they are too large to be told here.</summary>
    public static RefusedRange? Of(int facet, long low, long high) =>
        low <= high && low >= int.MinValue && high <= int.MaxValue ? new RefusedRange(facet, (int)low, (uint)(high - low)) : null;

    /// <summary>Whether a number is one of them.</summary>
    public bool Has(long number) => unchecked((ulong)(number - Low)) <= Width;
}
