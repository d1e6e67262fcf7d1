using LibGit2Sharp;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// In which commits of a history some files of a policy set changed. A merge changes them too where it leaves behind what was done to them on the other side: so nobody undoes a change by merging a branch that does not
/// have it. For one judgement, and one thread.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="filesOf">The files of a commit and the ids of their content; null where it has no policy set.</param>
internal sealed class FileHistory(Repository repository, Func<Commit, IReadOnlyDictionary<string, string>?> filesOf)
{
    /// <summary>Whoever may push can make any history. What would take more is held for a change, so that a signature below it does not count.</summary>
    private const int MaximumSteps = 10_000;

    /// <summary>A walk has a cost before its first commit.</summary>
    private const int StepsOfWalk = 10;

    /// <summary>Merges that hang on one another; each takes some of the stack.</summary>
    private const int MaximumDepth = 50;

    private readonly Dictionary<ObjectId, IReadOnlyDictionary<string, string>?> _files = [];
    private readonly Dictionary<ObjectId, bool> _changes = [];
    private int _steps, _depth;

    /// <summary>Whether both have a policy set, and the same files in it.</summary>
    public bool AreSame(Commit one, Commit other) =>
        FilesOf(one) is { } files && FilesOf(other) is { } others && files.Count == others.Count && files.All(file => others.TryGetValue(file.Key, out string? id) && id == file.Value);

    /// <summary>Whether a commit has every change of the files below it, or is it, that is in the history of another.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="other">The other, which need not follow it.</param>
    public bool HasAllChangesOf(Commit commit, Commit other)
    {
        if (_depth >= MaximumDepth || (_steps += StepsOfWalk) > MaximumSteps)
            return false;
        // Parents first: what a merge hangs on is then known mostly.
        var filter = new CommitFilter
        {
            IncludeReachableFrom = other,
            ExcludeReachableFrom = commit,
            SortBy = CommitSortStrategies.Topological | CommitSortStrategies.Reverse,
        };
        _depth++;
        try
        {
            return repository.Commits.QueryBy(filter).All(missing => ++_steps <= MaximumSteps && !IsChange(missing));
        }
        finally
        {
            _depth--;
        }
    }

    private bool IsChange(Commit commit)
    {
        if (_changes.TryGetValue(commit.Id, out bool known))
            return known;
        ILookup<bool, Commit> parents = commit.Parents.ToLookup(parent => AreSame(commit, parent) || (FilesOf(commit) is null && FilesOf(parent) is null));
        return _changes[commit.Id] = parents.Count == 0 ? FilesOf(commit) is not null
            : !parents[true].Any() || parents[false].Any(other => !parents[true].Any(parent => HasAllChangesOf(parent, other)));
    }

    private IReadOnlyDictionary<string, string>? FilesOf(Commit commit)
    {
        if (!_files.TryGetValue(commit.Id, out IReadOnlyDictionary<string, string>? files))
            _files[commit.Id] = files = filesOf(commit);
        return files;
    }
}
