using System.Globalization;

namespace PolicyM2M.Testing;

/// <summary>
/// A repository made with the real git in a temporary folder. Author, dates and so commit ids depend only on what is
/// committed; nothing of the machine's own Git configuration is read.
/// </summary>
public sealed class TemporaryGitRepository : IDisposable
{
    private static readonly DateTimeOffset FirstCommit = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _git = RequiredProgram.Git.Require();
    private readonly TemporaryFolder _folder = new();
    private int _commits;

    /// <summary>Makes an empty repository whose branch is <c>main</c>.</summary>
    public TemporaryGitRepository()
    {
        Git("init", "--quiet", "--initial-branch=main");
        Git("config", "user.name", "A Policy Author");
        Git("config", "user.email", "author@policym2m.example");
        Git("config", "commit.gpgsign", "false");
        Git("config", "core.autocrlf", "false");
    }

    /// <summary>The full path of the work tree.</summary>
    public string Path => _folder.Path;

    /// <summary>The id of the commit that HEAD names.</summary>
    public string Head => Git("rev-parse", "HEAD");

    /// <summary>Writes a file to the work tree, without committing it, and returns its full path.</summary>
    public string Write(string relative, string text) => _folder.Write(relative, text);

    /// <summary>From now on every commit is signed with this key, as <c>git commit -S</c> does; null ends that.</summary>
    public void SignWith(SshKey? key)
    {
        Git("config", "commit.gpgsign", key is null ? "false" : "true");
        if (key is null)
            return;
        Git("config", "gpg.format", "ssh");
        Git("config", "user.signingkey", key.Path);
    }

    /// <summary>Deletes a file from the work tree, without committing that.</summary>
    public void Delete(string relative) => File.Delete(_folder[relative]);

    /// <summary>Writes files and commits them with all else that has changed in the work tree; returns the commit id.</summary>
    public string Commit(string message, params IEnumerable<(string Path, string Text)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach ((string path, string text) in files)
            Write(path, text);
        Git("add", "--all");
        Git("commit", "--quiet", "--allow-empty", "--message", message);
        return Head;
    }

    /// <summary>Runs a git command in the repository; returns what it printed, without the last line end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public string Git(params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        // Every commit is a minute after the one before, so that histories are in order whatever the machine's clock says.
        string date = FirstCommit.AddMinutes(_commits).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        if (arguments is ["commit", ..])
            _commits++;
        FinishedProcess run = FinishedProcess.Run(_git, arguments, Path, environment:
        [
            new("GIT_CONFIG_GLOBAL", "/dev/null"),
            new("GIT_CONFIG_NOSYSTEM", "1"),
            new("GIT_DIR", null),
            new("GIT_WORK_TREE", null),
            new("GIT_INDEX_FILE", null),
            new("GIT_AUTHOR_DATE", date),
            new("GIT_COMMITTER_DATE", date),
        ]);
        return run.Succeeded().Output.TrimEnd('\n');
    }

    /// <summary>Deletes the repository.</summary>
    public void Dispose() => _folder.Dispose();
}
