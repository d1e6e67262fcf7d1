namespace PolicyM2M.Engine.Trees;

/// <summary>Is told the way that a walk takes, so that the region in which its answer holds can be told from it.</summary>
internal interface IPath
{
    /// <summary>A step at the node of this place; <see cref="Step"/> says what the second number means.</summary>
    void Turn(int node, int step);

    /// <summary>The answer hangs on exactly this code of a facet, or on its being missing.</summary>
    void Pin(int facet, bool isKnown, long code);

    /// <summary>What was told so far led nowhere: the walk begins again.</summary>
    void Restart();
}

/// <summary>
/// What a step says: at a test the branch taken; at a list of cases the place of a test that failed; at a leaf of masks the cell of the next facet; and at both of these,
/// last, the case that matched, as a negative number.
/// </summary>
internal static class Step
{
    public static int Matched(int place) => ~place;

    public static bool IsMatch(int step, out int place)
    {
        place = ~step;
        return step < 0;
    }
}

/// <summary>Forgets the way: a walk that need not tell it costs nothing for it.</summary>
internal readonly struct NoPath : IPath
{
    public void Turn(int node, int step)
    {
    }

    public void Pin(int facet, bool isKnown, long code)
    {
    }

    public void Restart()
    {
    }
}
