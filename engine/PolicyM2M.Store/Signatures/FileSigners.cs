using System.Collections.Immutable;
using LibGit2Sharp;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// Who signed some files of a policy set as a commit has them: whoever signed that commit, or one before it in which those files were the same already and which has below it every change of them that the commit has.
/// So a second signer signs an empty commit, or a merge, on top of what the first one changed; and who signed before a rule was mended did not sign that it be undone.
/// </summary>
internal static class FileSigners
{
    /// <summary>Whoever may push can make any number of commits; those beyond are not looked at, so that what they would have said is missing.</summary>
    private const int MaximumCommits = 1_000;

    /// <summary>The people, in the order in which they were found, from the commit backwards; no more than are enough.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="since">The commit at which to stop, with all before it; null for none.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="history">The protected files, and where they changed.</param>
    /// <param name="allowed">Whose signatures count.</param>
    /// <param name="now">The moment.</param>
    /// <param name="enough">How many it takes.</param>
    public static ImmutableArray<string> Find(
        Repository repository, Commit? since, Commit commit, FileHistory history, AllowedSigners allowed, DateTimeOffset now, int enough)
    {
        var people = ImmutableArray.CreateBuilder<string>();
        var filter = new CommitFilter { IncludeReachableFrom = commit, ExcludeReachableFrom = since, SortBy = CommitSortStrategies.Topological };
        foreach (Commit earlier in repository.Commits.QueryBy(filter).Take(MaximumCommits))
        {
            if (people.Count >= enough)
                break;
            // Whose key a signature claims is known at once; who is counted already need not be checked again.
            if (CommitSignature.ClaimedBy(repository, earlier, allowed) is not { } person || people.Contains(person) || !history.AreSame(earlier, commit))
                continue;
            if (CommitSignature.Check(repository, earlier, allowed, now).Signer is { } signer && history.HasAllChangesOf(earlier, commit))
                people.Add(signer);
        }
        return people.ToImmutable();
    }
}
