using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>What is made ready before devices are answered from another revision.</summary>
internal interface IRehearsal
{
    /// <summary>How long a change must be known beforehand for all to be made ready without hindering those who ask meanwhile.</summary>
    TimeSpan Leisure { get; }

    /// <summary>Makes ready, as fast as it can, what is wanted once a status is that of the server. Takes a fraction of a second at most: an operator waits for the change.</summary>
    /// <param name="next">The status to come.</param>
    /// <returns>What is left to do at once after the change.</returns>
    Action Rehearse(RevisionStatus next);

    /// <summary>Makes ready what is wanted, a little at a time, and returns when that time is over.</summary>
    /// <param name="next">The status to come, at the moment that it will be active from.</param>
    /// <param name="time">How long it takes until that moment.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What is left to do at once after the change.</returns>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    Action RehearseAtLeisure(RevisionStatus next, TimeSpan time, CancellationToken cancellation);
}
