using System.Collections.Immutable;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>What is served, and what could not be. Immutable.</summary>
/// <param name="Active">The revision that answers are made from.</param>
/// <param name="Refused">The newest commit, where it cannot be served; otherwise null.</param>
/// <param name="LastPolledAt">When the repository was last looked at.</param>
internal sealed record RevisionStatus(ActiveRevision Active, RefusedRevision? Refused, DateTimeOffset LastPolledAt)
{
    /// <summary>The revision that is tried beside the active one.</summary>
    public Candidate? Candidate { get; init; }

    /// <summary>While it is there, nothing enters.</summary>
    public Pin? Pin { get; init; }

    /// <summary>The newest commit, where it could be served and is not let in: because of the pin, because it was withdrawn before, or because a restart would not know of it.</summary>
    public ActiveRevision? Waiting { get; init; }

    /// <summary>What was active before, the latest first.</summary>
    public ImmutableArray<PastRevision> Past { get; init; } = [];

    /// <summary>The newest commit that was let in: every later one must follow it. A roll-back does not lower it, or whoever can push could use that for a history without what was rolled back.</summary>
    public string Floor { get; init; } = Active.CommitId;

    /// <summary>A commit that an operator lets in although it does not follow; null where there is none.</summary>
    public string? Accepted { get; init; }

    /// <summary>
    /// Since when answers are made as they are: from then on, but for the fraction of a second in which the change was made ready or written down, no other revision answered anybody.
    /// All that answers at one time has this one
    /// moment, so that a device that sees answers of the active revision
    /// and of a canary, of which a gateway may hand on either, refuses neither for the other.
    /// </summary>
    public DateTimeOffset AnswersSince { get; init; } = Active.ActivatedAt;

    /// <summary>The revision that a device is answered from.</summary>
    public ActiveRevision For(string device) => Candidate?.Answers(device) == true ? Candidate.Revision : Active;

    /// <summary>A revision as answers name it.</summary>
    public AnsweringRevision Answering(ActiveRevision revision) => new(revision.Id, AnswersSince);

    /// <summary>Whether the same devices are answered from the same revisions.</summary>
    public bool AnswersAs(RevisionStatus other) => Active.Id == other.Active.Id && Canary == other.Canary;

    /// <summary>What a device should say of itself: what either revision needs, or the candidate would be judged on less than it asks for.</summary>
    public ImmutableArray<string> NeededClaims => Candidate is null
        ? Active.NeededClaims
        : [.. Active.NeededClaims.Union(Candidate.Revision.NeededClaims).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Whether a device is to be told something other than by an earlier status: other answers began since, or it is asked for other claims. It is told of a change that leaves it with the
    /// same revision too: what came in between it may have seen.
    /// </summary>
    public bool TellsOtherThan(RevisionStatus earlier, string device) =>
        For(device).Id != earlier.For(device).Id || AnswersSince != earlier.AnswersSince || !NeededClaims.SequenceEqual(earlier.NeededClaims);

    /// <summary>Whether a revision was let in before, judged, and found wanting: under this commit or, unless they are what answers, with these policies under another.</summary>
    public bool IsWithdrawn(ActiveRevision revision) =>
        Past.Any(past => past.IsWithdrawn && (past.CommitId == revision.CommitId || past.BundleHash == revision.Bundle.Hash && revision.Bundle.Hash != Active.Bundle.Hash));

    private (RevisionId, RolloutStage)? Canary => Candidate is { Stage: RolloutStage.Canary } candidate ? (candidate.Revision.Id, candidate.Stage) : null;
}

/// <summary>
/// The one place where the server's revision changes. Safe for all threads: a status never changes, <see cref="Rollout"/>
/// alone replaces it, whole and one replacement at a time, and a reference is read and written in one piece. A request reads it once and keeps to it, so
/// that no answer mixes two revisions.
/// </summary>
internal sealed class RevisionState(RevisionStatus first)
{
    private volatile RevisionStatus _current = first;
    private volatile TaskCompletionSource _superseded = NewSignal();
    private long _activations = 1;

    /// <summary>What is served now.</summary>
    public RevisionStatus Current => _current;

    /// <summary>Completes when another status comes that may concern devices. Whoever waits takes it before it looks.</summary>
    public Task Next => _superseded.Task;

    /// <summary>How many revisions became active, the first among them.</summary>
    public long Activations => Interlocked.Read(ref _activations);

    /// <summary>
    /// Waits until a device is to be told something other than what it was told from <paramref name="known"/>, and returns the status that says so. What came in between is
    /// skipped: who comes late gets the latest, and nothing is kept for those who do not come.
    /// </summary>
    public async Task<RevisionStatus> WaitForOther(RevisionStatus known, string device, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal is taken before the look: a change after the look completes the signal that is already held.
            Task superseded = _superseded.Task;
            RevisionStatus current = _current;
            if (current.TellsOtherThan(known, device))
                return current;
            await superseded.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Makes this the status instead of the first, from which nobody was answered yet.</summary>
    public void Begin(RevisionStatus status) => _current = status;

    /// <summary>Makes this the status.</summary>
    public void Replace(RevisionStatus status)
    {
        bool isOther = !ReferenceEquals(status.Active, _current.Active) || !Equals(status.Candidate, _current.Candidate);
        if (status.Active.CommitId != _current.Active.CommitId)
            Interlocked.Increment(ref _activations);
        _current = status;
        if (!isOther)
            return;
        TaskCompletionSource superseded = _superseded;
        _superseded = NewSignal();
        superseded.SetResult();
    }

    /// <summary>Watchers must not run on the thread of whoever made the change.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
