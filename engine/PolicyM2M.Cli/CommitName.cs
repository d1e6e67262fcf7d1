using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>A commit as an operator names it: by its id, or by its beginning as Git shows it.</summary>
internal static class CommitName
{
    /// <summary>What `git log --oneline` shows, and what a decision point takes without knowing the commit.</summary>
    private const int Shortest = 7, ShortestUnknown = 12;

    /// <summary>
    /// The whole id, where the decision point names such a commit: who sends the beginning could be given another commit that begins so. One that it does not name is sent as it is, for
    /// the decision point to say what is wrong with it.
    /// </summary>
    /// <param name="given">What the operator gave.</param>
    /// <param name="status">What is served, on trial, waiting and refused.</param>
    /// <param name="list">Asks for what was active before.</param>
    /// <exception cref="CannotRunException">It is no beginning of an id, names several commits, or is short and names none.</exception>
    public static string Whole(string given, GetStatusResponse status, Func<ListRevisionsResponse> list)
    {
        string beginning = given.ToLowerInvariant();
        if (beginning.Length < Shortest || !beginning.All(char.IsAsciiHexDigitLower))
            throw new CannotRunException($"`{given}` is not the id of a commit, or at least its first {Shortest} digits");
        RolloutState rollout = status.Rollout;
        IEnumerable<string?> known =
        [
            rollout.Active.CommitId, rollout.Candidate?.Revision.CommitId, rollout.Waiting?.Revision.CommitId, status.Refused?.CommitId,
            .. list().Past.Select(past => past.Revision.CommitId),
        ];
        string[] named = [.. known.OfType<string>().Where(id => id.StartsWith(beginning, StringComparison.Ordinal)).Distinct()];
        return named switch
        {
            [var one] => one,
            [] when beginning.Length >= ShortestUnknown => beginning,
            [] => throw new CannotRunException($"`{given}` is no commit that the decision point names; `m2m pdp status` and `m2m pdp revisions` do"),
            _ => throw new CannotRunException($"`{given}` is the beginning of {named.Length} commits; give more digits: {string.Join(", ", named)}"),
        };
    }
}
