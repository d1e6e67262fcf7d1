using System.Collections.Immutable;
using LibGit2Sharp;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// Who signed some files of a policy set as a commit has them: whoever signed that commit, or one before it in which those files were the same already. So a second
/// signer signs an empty commit, or a merge, on top of what the first one changed.
/// </summary>
internal static class FileSigners
{
    /// <summary>Whoever may push can make any number of commits; those beyond are not looked at, so that what they would have said is missing.</summary>
    private const int MaximumCommits = 1_000;

    /// <summary>The people, in the order in which they were found, from the commit backwards; no more than are enough.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="since">The commit at which to stop, with all before it; null for none.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="filesOf">The protected files of a commit and the ids of their content; null where it has no policy set.</param>
    /// <param name="allowed">Whose signatures count.</param>
    /// <param name="now">The moment.</param>
    /// <param name="enough">How many it takes.</param>
    public static ImmutableArray<string> Find(
        Repository repository, Commit? since, Commit commit, Func<Commit, IReadOnlyDictionary<string, string>?> filesOf, AllowedSigners allowed, DateTimeOffset now, int enough)
    {
        IReadOnlyDictionary<string, string>? files = filesOf(commit);
        var people = ImmutableArray.CreateBuilder<string>();
        var filter = new CommitFilter { IncludeReachableFrom = commit, ExcludeReachableFrom = since, SortBy = CommitSortStrategies.Topological };
        foreach (Commit earlier in repository.Commits.QueryBy(filter).Take(MaximumCommits))
        {
            if (people.Count >= enough)
                break;
            // Whose key a signature claims is known at once; who is counted already need not be checked again.
            if (CommitSignature.ClaimedBy(repository, earlier, allowed) is not { } person || people.Contains(person) || !AreSame(files, filesOf(earlier)))
                continue;
            if (CommitSignature.Check(repository, earlier, allowed, now).Signer is { } signer)
                people.Add(signer);
        }
        return people.ToImmutable();
    }

    public static bool AreSame(IReadOnlyDictionary<string, string>? files, IReadOnlyDictionary<string, string>? others) =>
        files is not null && others is not null && files.Count == others.Count && files.All(file => others.TryGetValue(file.Key, out string? id) && id == file.Value);
}
