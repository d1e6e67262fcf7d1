namespace PolicyM2M.Engine.Trees;

/// <summary>Is told the way that a walk takes, so that the region in which its answer holds can be told from it.</summary>
internal interface IPath
{
    /// <summary>A step at the node of this place; <see cref="Step"/> says what the second number means.</summary>
    void Turn(int node, int step);

    /// <summary>The answer hangs on a facet's being missing.</summary>
    void Miss(int facet);

    /// <summary>What was told so far led nowhere: the walk begins again.</summary>
    void Restart();
}

/// <summary>
/// What a step says: at a test the branch taken; at a list of cases the place of a test that failed, or a case of which none did; at a leaf of masks the cell of each facet in turn, and last
/// the first case that surely matches.
/// </summary>
internal static class Step
{
    /// <summary>The cell of a facet that is missing.</summary>
    public const int Missing = int.MaxValue;

    /// <summary>A case, by its place: no test of it failed, and those of what is missing are open.</summary>
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

    public void Miss(int facet)
    {
    }

    public void Restart()
    {
    }
}
