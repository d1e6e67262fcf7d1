using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>What is made ready before devices are answered from another revision.</summary>
internal interface IRehearsal
{
    /// <summary>Makes ready what is wanted once a status is that of the server. Takes a fraction of a second at most: an operator may wait for the change.</summary>
    /// <param name="next">The status to come.</param>
    /// <returns>What is left to do at once after the change.</returns>
    Action Rehearse(RevisionStatus next);
}
