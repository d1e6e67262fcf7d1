namespace PolicyM2M.Pdp.Revisions;

/// <summary>What is served, and what could not be. Immutable.</summary>
/// <param name="Active">The revision that answers are made from.</param>
/// <param name="Refused">The newest commit, where it cannot be served; otherwise null.</param>
/// <param name="LastPolledAt">When the repository was last looked at.</param>
internal sealed record RevisionStatus(ActiveRevision Active, RefusedRevision? Refused, DateTimeOffset LastPolledAt);

/// <summary>
/// The one place where the server's revision changes. Safe for all threads: a status never changes, <see cref="RevisionFollower"/>
/// alone replaces it, whole, and a reference is read and written in one piece. A request reads it once and keeps to it, so
/// that no answer mixes two revisions.
/// </summary>
internal sealed class RevisionState(RevisionStatus first)
{
    private volatile RevisionStatus _current = first;
    private volatile TaskCompletionSource _superseded = NewSignal();

    /// <summary>What is served now.</summary>
    public RevisionStatus Current => _current;

    /// <summary>
    /// Waits until another revision than <paramref name="known"/> is active, and returns it. Revisions in between are
    /// skipped: who comes late gets the latest, and nothing is kept for those who do not come.
    /// </summary>
    public async Task<ActiveRevision> WaitForOther(ActiveRevision known, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal is taken before the look: a change after the look completes the signal that is already held.
            Task superseded = _superseded.Task;
            if (!ReferenceEquals(_current.Active, known))
                return _current.Active;
            await superseded.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Makes this the status. Only the follower calls it.</summary>
    public void Replace(RevisionStatus status)
    {
        bool isOther = !ReferenceEquals(status.Active, _current.Active);
        _current = status;
        if (!isOther)
            return;
        TaskCompletionSource superseded = _superseded;
        _superseded = NewSignal();
        superseded.SetResult();
    }

    /// <summary>Watchers must not run on the follower's thread.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
