using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>Why a step of a roll-out is not taken.</summary>
internal enum Obstacle
{
    /// <summary>Another change came first: the caller looked at something that is no longer so.</summary>
    Crossed,

    /// <summary>It cannot be done in this state.</summary>
    NotNow,

    /// <summary>What it names is not there.</summary>
    NotFound,
}

/// <summary>What became of a step of a roll-out.</summary>
internal abstract record RolloutStep
{
    private RolloutStep()
    {
    }

    /// <summary>It leads here.</summary>
    internal sealed record To(RevisionStatus Status) : RolloutStep;

    /// <summary>It is not taken.</summary>
    /// <param name="Obstacle">The sort of reason.</param>
    /// <param name="Reason">The reason, for the operator.</param>
    internal sealed record Refused(Obstacle Obstacle, string Reason) : RolloutStep;
}
