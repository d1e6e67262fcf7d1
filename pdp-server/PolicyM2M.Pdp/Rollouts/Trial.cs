using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>
/// Decides what was asked with the other revision too, and compares. Every answer is compared, and none is left to chance: a second decision costs a few
/// microseconds beside a request that costs a hundred, and the rare device is the one to hear of.
/// </summary>
internal sealed class Trial(ILogger<Trial> log)
{
    /// <summary>The candidate that last failed: one failure is told, and not that of every request.</summary>
    private volatile string _failed = "";

    /// <summary>Compares the answer that is about to be given with what the other revision would have answered; does nothing where there is no candidate.</summary>
    /// <param name="status">The state that the answer is made from.</param>
    /// <param name="device">The device.</param>
    /// <param name="claims">What it says of itself.</param>
    /// <param name="registered">What the registry says of it.</param>
    /// <param name="answering">The revision that answers.</param>
    /// <param name="decisions">Its answers.</param>
    /// <param name="now">The moment of the answers.</param>
    public void Compare(RevisionStatus status, string device, DeviceContext claims, DeviceContext registered, ActiveRevision answering, Decision[] decisions, DateTimeOffset now)
    {
        if (status.Candidate is not { } candidate)
            return;
        bool isCanary = ReferenceEquals(answering, candidate.Revision);
        ActiveRevision other = isCanary ? status.Active : candidate.Revision;
        try
        {
            // Each by its own schema: what a device may say of itself may be what changes.
            PreparedContext prepared = other.Decider.Prepare(MergedContext.Of(device, claims, registered, other.Bundle).Context);
            foreach (Decision decision in decisions)
            {
                Decision otherwise = other.Decider.Decide(decision.Kind, prepared, now);
                candidate.Differences.Compare(device, isCanary ? otherwise : decision, isCanary ? decision : otherwise, now);
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The answer is there already: whatever goes wrong beside it must not take it away.
            if (_failed != candidate.Revision.CommitId)
                log.CandidateFailed(fault, candidate.Revision.ShortId, status.Active.ShortId);
            _failed = candidate.Revision.CommitId;
        }
    }
}
