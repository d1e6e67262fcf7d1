namespace PolicyM2M.Engine.Lattice;

/// <summary>Which way an outcome changed.</summary>
[Flags]
public enum Direction
{
    /// <summary>No field became tighter or looser: the outcomes are the same, or differ in an order of preference or in the reason of a denial.</summary>
    Neither = 0,

    /// <summary>Something became tighter, and nothing looser.</summary>
    Tighter = 1,

    /// <summary>Something became looser, and nothing tighter.</summary>
    Looser = 2,

    /// <summary>Something became tighter and something looser.</summary>
    Both = Tighter | Looser,
}
