namespace PolicyM2M.Store.Remotes;

/// <summary>
/// A repository elsewhere, and the bare clone of it from which policies are read. The clone holds the branches and tags of the remote as they were fetched last;
/// nobody else writes to it. One that is damaged is made anew beside the old one, which stays until the new one is whole. Immutable; one thread at a time fetches.
/// </summary>
public sealed class RemoteRepository
{
    private const string Head = "HEAD";

    /// <summary>The clone's own HEAD is nobody's: a remote may change which branch it means by that.</summary>
    private const string FetchedHead = "refs/policym2m/HEAD";

    /// <summary>The bytes that the packs of a clone may have: whoever may push decides what is fetched, and the disk is not theirs.</summary>
    private const long MaximumBytes = 1L << 30;

    /// <summary>The time that one run of git may take.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly RemoteUrl _url;
    private readonly RemoteAccess _access;
    private readonly bool _needsHead;
    private readonly long _maximumBytes;

    private RemoteRepository(RemoteUrl url, string clone, string reference, RemoteAccess access, long maximumBytes)
    {
        _url = url;
        _maximumBytes = maximumBytes;
        _access = access;
        Clone = clone;
        _needsHead = reference == Head || reference.StartsWith($"{Head}~", StringComparison.Ordinal) || reference.StartsWith($"{Head}^", StringComparison.Ordinal);
        Reference = _needsHead ? FetchedHead + reference[Head.Length..] : reference;
    }

    /// <summary>The folder of the clone; it may not be there before the first fetch.</summary>
    public string Clone { get; }

    /// <summary>What names the commit in the clone.</summary>
    public string Reference { get; }

    /// <summary>The URL as people may see it, without a user.</summary>
    public string Location => _url.Shown;

    /// <summary>Whether a text is meant for the URL of a remote, and not for a folder of this machine.</summary>
    public static bool IsUrl(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return RemoteUrl.IsMeant(text);
    }

    /// <summary>A remote; nothing is fetched yet.</summary>
    /// <param name="url">A <c>file:</c>, <c>https:</c> or <c>ssh:</c> URL, or <c>user@host:path</c>.</param>
    /// <param name="clones">The folder in which clones are kept, each under a name made of its URL.</param>
    /// <param name="reference">What is to be read of it: a branch, a tag, <c>HEAD</c> or a commit.</param>
    /// <param name="access">How to be let in.</param>
    /// <exception cref="PolicyStoreException">The URL is none that can be followed.</exception>
    public static RemoteRepository Of(string url, string clones, string reference, RemoteAccess access) => Of(url, clones, reference, access, MaximumBytes);

    internal static RemoteRepository Of(string url, string clones, string reference, RemoteAccess access, long maximumBytes)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(access);
        var parsed = RemoteUrl.Parse(url);
        return new RemoteRepository(parsed, Path.Combine(Path.GetFullPath(clones), CloneFolder.NameOf(parsed)), reference, access, maximumBytes);
    }

    /// <summary>Brings the clone up to date; makes it where there is none, and anew where it is damaged.</summary>
    /// <param name="isSuspect">Whether reading from the clone failed, so that it should be looked at even where the fetch succeeds.</param>
    /// <param name="cancellation">Ends it; the clone stays as it was.</param>
    /// <returns>Whether the clone was damaged and made anew.</returns>
    /// <exception cref="PolicyStoreException">The remote cannot be reached or lets nobody in, has too much, or there is no git; the clone stays as it was.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool Fetch(bool isSuspect, CancellationToken cancellation)
    {
        using CloneFolder.Hold hold = CloneFolder.Take(Clone);
        CloneFolder.RemoveRemains(Clone);
        if (!Directory.Exists(Clone))
        {
            CloneAnew(cancellation);
            return false;
        }
        if (!isSuspect || IsSound(cancellation))
        {
            GitProcess.Result fetched = FetchInto(Clone, cancellation);
            if (fetched.IsGood)
            {
                // Packs are put together once there are many; where that fails, there are many packs.
                Git(["gc", "--auto", "--quiet"], Clone, cancellation);
                return false;
            }
            if (fetched.ExitCode < 0 || IsSound(cancellation))
                throw Unreachable(fetched);
        }
        CloneAnew(cancellation);
        return true;
    }

    private void CloneAnew(CancellationToken cancellation)
    {
        string unfinished = $"{Clone}.{CloneFolder.Unfinished}";
        try
        {
            GitProcess.Result made = Git(["init", "--quiet", "--bare", "--template="], unfinished, cancellation);
            if (!made.IsGood)
                throw new PolicyStoreException($"the clone {Clone} cannot be made: {made.Said}");
            GitProcess.Result fetched = FetchInto(unfinished, cancellation);
            if (!fetched.IsGood)
                throw Unreachable(fetched);
            CloneFolder.Replace(Clone, unfinished);
        }
        finally
        {
            CloneFolder.Delete(unfinished);
        }
    }

    /// <summary>Whether all of its objects are there and are what their names say.</summary>
    private bool IsSound(CancellationToken cancellation) =>
        Git(["rev-parse", "--is-bare-repository"], Clone, cancellation).IsGood && Git(["fsck", "--no-dangling", "--no-reflogs", "--no-progress"], Clone, cancellation).IsGood;

    private GitProcess.Result FetchInto(string folder, CancellationToken cancellation)
    {
        string[] head = _needsHead ? [$"+{Head}:{FetchedHead}"] : [];
        string packs = Path.Combine(folder, "objects", "pack");
        return GitProcess.Run(
            ["--git-dir", folder, "fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--", _url.Text,
                "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", .. head],
            [.. Settings, .. _access.Settings(_url)], _access.SshCommand, Longest,
            () => CloneFolder.BytesIn(packs) > _maximumBytes ? $"it has more than {_maximumBytes} bytes; keep other files elsewhere" : null, cancellation);
    }

    /// <summary>The folder is always said: Git would look for another repository above it where it is none, such as the one whose policies somebody writes.</summary>
    private GitProcess.Result Git(string[] arguments, string folder, CancellationToken cancellation) =>
        GitProcess.Run(["--git-dir", folder, .. arguments], Settings, _access.SshCommand, Longest, () => null, cancellation);

    private IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        new("protocol.allow", "never"),
        new($"protocol.{_url.Scheme}.allow", "always"),
        new("core.hooksPath", OperatingSystem.IsWindows() ? "NUL" : "/dev/null"),
        new("credential.helper", ""),
        // Another host would be given the credentials, and what it serves.
        new("http.followRedirects", "false"),
        new("http.lowSpeedLimit", "100"),
        new("http.lowSpeedTime", "30"),
        new("fetch.fsckObjects", "true"),
        // All that is fetched goes into one pack, whose size can be watched; large files are streamed and not held in memory.
        new("fetch.unpackLimit", "1"),
        new("core.bigFileThreshold", "8m"),
        new("pack.threads", "1"),
        // What the branches named before stays, so that a commit that was served can be served again.
        new("core.logAllRefUpdates", "always"),
        new("gc.reflogExpire", "never"),
        new("gc.reflogExpireUnreachable", "never"),
        new("gc.autoDetach", "false"),
        // Whoever names a folder by its URL trusts its owner; Git would ask.
        .. _url.Scheme == "file" ? new KeyValuePair<string, string>[] { new("safe.directory", _url.Path), new("safe.directory", $"{_url.Path.TrimEnd('/')}/.git") } : [],
    ];

    private PolicyStoreException Unreachable(GitProcess.Result fetched) =>
        new($"the remote {Location} cannot be fetched: {(fetched.Said.Length > 0 ? fetched.Said : $"git ended with {fetched.ExitCode}")}");
}
