using System.Collections.Immutable;
using LibGit2Sharp;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Store.Signatures;

namespace PolicyM2M.Store;

/// <summary>
/// A Git repository from which policy sets are read: from the trees of commits, never from the work tree. It holds no
/// open handle; each call looks at the repository as it is then, so a repository that is packed, pruned or replaced
/// meanwhile is followed. Immutable; safe for all threads.
/// </summary>
public sealed class GitPolicyRepository
{
    private readonly string _gitFolder;

    private GitPolicyRepository(string gitFolder, string? workTree)
    {
        _gitFolder = gitFolder;
        WorkTree = workTree;
    }

    /// <summary>The root of the work tree; null for a bare repository.</summary>
    public string? WorkTree { get; }

    /// <summary>What people call it: the root of its work tree, or the repository itself where that is bare.</summary>
    public string Location => WorkTree ?? _gitFolder;

    /// <summary>Finds the repository that <paramref name="path"/> is, or lies in.</summary>
    /// <exception cref="PolicyStoreException">There is none, or it cannot be opened.</exception>
    public static GitPolicyRepository Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        if (!Directory.Exists(full))
            throw new PolicyStoreException($"there is no folder `{path}`; name a Git repository or a folder inside one");
        return Guard(full, () =>
        {
            string gitFolder = Repository.Discover(full) ?? throw new PolicyStoreException(
                $"no Git repository at `{path}` or above it; name one, or make one with `git init` and commit a policy set");
            using var repository = new Repository(gitFolder);
            return new GitPolicyRepository(Trimmed(gitFolder), repository.Info.WorkingDirectory is { } tree ? Trimmed(tree) : null);
        });
    }

    /// <summary>The id of the commit that a branch, a tag, <c>HEAD</c> or a commit id names, in lower-case hexadecimal.</summary>
    /// <exception cref="PolicyStoreException">It names none, or the repository cannot be read.</exception>
    public string FindCommit(string reference) => With(repository => CommitOf(repository, reference).Sha);

    /// <summary>Whether the history of a commit holds another one, or it is that one; also false where the repository does not know one of them.</summary>
    /// <param name="ancestor">The id of the earlier commit.</param>
    /// <param name="commit">The id of the later one.</param>
    /// <exception cref="PolicyStoreException">The repository cannot be read.</exception>
    public bool Follows(string ancestor, string commit) => With(repository =>
        repository.Lookup<Commit>(ancestor) is { } earlier && repository.Lookup<Commit>(commit) is { } later
        && (earlier.Sha == later.Sha || repository.ObjectDatabase.FindMergeBase(earlier, later)?.Sha == earlier.Sha));

    /// <summary>Who signed a commit, or why that does not count.</summary>
    /// <param name="commit">The commit's id.</param>
    /// <param name="allowed">Whose signatures count.</param>
    /// <param name="now">The moment: a key that no longer counts signs nothing new, whatever date a commit claims.</param>
    /// <exception cref="PolicyStoreException">There is no such commit, or the repository cannot be read.</exception>
    public SignatureCheck CheckSignature(string commit, AllowedSigners allowed, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(allowed);
        return With(repository => CommitSignature.Check(repository, CommitOf(repository, commit), allowed, now));
    }

    /// <summary>
    /// Who signed the protected files of a policy set as a commit has them: that commit, or one that <paramref name="since"/> does not have below it, in which they were the same
    /// already, and since which nothing else changed them. Null where they are as they were in <paramref name="since"/>, so that nobody has to.
    /// </summary>
    /// <param name="since">The commit that was served before; null, or one that is not known, for none: then all history counts.</param>
    /// <param name="commit">The commit that is to be served.</param>
    /// <param name="folder">The set's folder within the repository.</param>
    /// <param name="files">Which files are protected, and how many signers are enough.</param>
    /// <param name="allowed">Whose signatures count.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="PolicyStoreException">There is no such commit, or the repository cannot be read.</exception>
    public ImmutableArray<string>? FindSigners(string? since, string commit, string folder, ProtectedPaths files, AllowedSigners allowed, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(allowed);
        return With<ImmutableArray<string>?>(repository =>
        {
            Commit later = CommitOf(repository, commit);
            Commit? earlier = since is null ? null : repository.Lookup<Commit>(since);
            var history = new FileHistory(repository, FilesOf);
            if (earlier is not null && history.AreSame(earlier, later))
                return null;
            return FileSigners.Find(repository, earlier, later, history, allowed, now, files.Signers);
        });

        IReadOnlyDictionary<string, string>? FilesOf(Commit of)
        {
            try
            {
                return SourceTree.ContentIds(TreeOf(of, folder), files.Covers);
            }
            catch (PolicyStoreException)
            {
                // It has no such folder, or one that no policy set may be: nobody who signed it signed these files.
                return null;
            }
        }
    }

    /// <summary>Reads the policy set that a commit holds.</summary>
    /// <param name="reference">A branch, a tag, <c>HEAD</c> or a commit id.</param>
    /// <param name="folder">The set's folder within the repository, with <c>/</c> between folders; empty for all of it.</param>
    /// <exception cref="PolicyStoreException">There is no such commit or folder, the repository cannot be read, or the folder holds what no policy set may.</exception>
    public PolicyRevision ReadRevision(string reference, string folder) => With(repository =>
    {
        Commit commit = CommitOf(repository, reference);
        return new PolicyRevision(commit.Sha, PlainLine.Of(commit.MessageShort).Trim(), commit.Committer.When, SourceTree.Read(TreeOf(commit, folder)));
    });

    private T With<T>(Func<Repository, T> read) => Guard(Location, () =>
    {
        using var repository = new Repository(_gitFolder);
        return read(repository);
    });

    private Commit CommitOf(Repository repository, string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        try
        {
            // LibGit2Sharp holds an empty name, and one with a NUL, for a fault of the program.
            if (reference.Length > 0 && !reference.Contains('\0') && repository.Lookup(reference)?.Peel<Commit>() is { } commit)
                return commit;
        }
        catch (AmbiguousSpecificationException ambiguous)
        {
            throw new PolicyStoreException($"`{reference}` names several objects of {Location}; give more of the commit id", ambiguous);
        }
        catch (Exception fault) when (fault is InvalidSpecificationException or PeelException or UnmatchedPathException)
        {
            throw new PolicyStoreException($"`{reference}` is not a branch, a tag or a commit of {Location}", fault);
        }
        throw new PolicyStoreException(repository.Info.IsHeadUnborn && reference == "HEAD"
            ? $"the repository {Location} has no commit yet; commit a policy set first"
            : $"the repository {Location} has no branch, tag or commit `{reference}`; `git branch --all` lists the branches");
    }

    private static Tree TreeOf(Commit commit, string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string[] names = [.. folder.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".")];
        if (names.Contains("..") || folder.StartsWith('/'))
            throw new PolicyStoreException($"`{folder}` is not a folder within the repository; give its path from the repository's root");
        Tree tree = commit.Tree;
        for (int i = 0; i < names.Length; i++)
        {
            TreeEntry? entry = tree[names[i]];
            string path = string.Join('/', names[..(i + 1)]);
            tree = entry?.Mode switch
            {
                Mode.Directory => (Tree)entry.Target,
                Mode.SymbolicLink => throw new PolicyStoreException($"`{path}` is a symbolic link; name the folder itself"),
                Mode.GitLink => throw new PolicyStoreException($"`{path}` is a submodule; name its own repository instead"),
                null => throw new PolicyStoreException($"the commit {commit.Sha[..12]} has no folder `{path}`; commit it, or name another"),
                _ => throw new PolicyStoreException($"`{path}` is a file; name the folder of the policy set"),
            };
        }
        return tree;
    }

    /// <summary>The edge at which LibGit2Sharp's exceptions end.</summary>
    private static T Guard<T>(string location, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (LibGit2SharpException fault) when (fault.Message.Contains("not owned by current user", StringComparison.Ordinal))
        {
            throw new PolicyStoreException(
                $"the Git repository {location} belongs to another user; if you trust it: git config --global --add safe.directory {location}", fault);
        }
        catch (LibGit2SharpException fault)
        {
            throw new PolicyStoreException($"the Git repository {location} cannot be read ({fault.Message.Trim()}); `git fsck` may say more", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStoreException($"the Git repository {location} cannot be read: {fault.Message.Trim()}", fault);
        }
    }

    private static string Trimmed(string folder) => Path.TrimEndingDirectorySeparator(folder);
}
