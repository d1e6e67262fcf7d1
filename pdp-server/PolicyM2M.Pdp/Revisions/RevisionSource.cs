using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>Where policies come from: one folder of one ref of one repository. Immutable.</summary>
internal sealed class RevisionSource
{
    private readonly GitPolicyRepository _repository;
    private readonly Func<PolicyRevision, PolicyTestRun> _compile;
    private readonly RevisionTrust _trust;
    private readonly FollowedRemote? _remote;
    private readonly CompiledBundles _compiled;
    private readonly string? _accepted;
    private readonly bool _isServing;

    private RevisionSource(GitPolicyRepository repository, FollowedRemote? remote, RevisionTrust trust, CompiledBundles compiled, PdpOptions options, Func<PolicyRevision, PolicyTestRun> compile)
    {
        _repository = repository;
        _compile = compile;
        _remote = remote;
        _trust = trust;
        _compiled = compiled;
        _accepted = options.Accept;
        Ref = options.Ref;
        Folder = options.Folder;
    }

    private RevisionSource(RevisionSource other)
    {
        (_repository, _remote, _trust, _compile, _compiled, _accepted, Ref, Folder) = (other._repository, other._remote, other._trust, other._compile, other._compiled, other._accepted, other.Ref, other.Folder);
        _isServing = true;
    }

    public string Ref { get; }

    public string Folder { get; }

    /// <summary>The repository, as people know it.</summary>
    public string Repository => _remote?.Location ?? _repository.Location;

    /// <summary>Whether every commit needs a signature before it is served.</summary>
    public bool RequiresSignatures => _trust.IsRequired;

    /// <summary>Finds the repository, and who may sign.</summary>
    /// <param name="options">What to serve.</param>
    /// <param name="remote">The remote, where it is one.</param>
    /// <param name="data">Where what was compiled is kept.</param>
    /// <param name="compile">Compiles a policy set and runs its own tests, in this process; null for the compiler of this server.</param>
    /// <exception cref="PolicyStoreException">There is none, or nobody may.</exception>
    /// <exception cref="StartupException">The options do not go together.</exception>
    public static RevisionSource Open(PdpOptions options, FollowedRemote? remote, DataFolder data, Func<PolicyRevision, PolicyTestRun>? compile = null)
    {
        var repository = GitPolicyRepository.Open(remote?.Clone ?? options.Git);
        return new RevisionSource(repository, remote, RevisionTrust.Of(repository, options), new CompiledBundles(data.Compiled), options, compile ?? RevisionCompiler.Test);
    }

    /// <summary>The same source for a server that answers meanwhile: it compiles in a process of its own. Before the first answer nobody waits but the start, and a process would only cost time.</summary>
    public RevisionSource WhileServing() => new(this);

    /// <summary>Fetches from the remote, where it is one and it is time.</summary>
    /// <returns>Whether its clone was damaged and made anew.</returns>
    /// <exception cref="PolicyStoreException">It cannot be fetched.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool Refresh(bool isNews, CancellationToken cancellation) => _remote?.Refresh(isNews, cancellation) ?? false;

    /// <summary>How many fetches of the remote went well and how many failed; none where it is a folder.</summary>
    public (long Good, long Failed) Fetches => _remote?.Fetches ?? default;

    /// <summary>The commit that the ref names now.</summary>
    /// <exception cref="PolicyStoreException">It names none, or the repository cannot be read.</exception>
    public string FindCommit() => _repository.FindCommit(_remote?.Reference ?? Ref);

    /// <summary>Something could not be read: where a clone is damaged, the next fetch finds out.</summary>
    public void Suspect() => _remote?.Suspect();

    /// <summary>
    /// Why a commit must not take the place of another: history only goes forward, or whoever can push could bring back rules that were mended. Null where it may.
    /// </summary>
    /// <param name="served">The newest commit that was let in.</param>
    /// <param name="commit">The one that is to be served.</param>
    /// <param name="accepted">A commit that an operator lets in all the same, and with it what follows it; null for none.</param>
    /// <exception cref="PolicyStoreException">The repository cannot be read.</exception>
    public string? WhyNotAfter(string served, string commit, string? accepted = null) =>
        _repository.Follows(served, commit) || (_accepted is not null && commit.StartsWith(_accepted, StringComparison.Ordinal)) || (accepted is not null && _repository.Follows(accepted, commit))
            ? null
            : $"{ActiveRevision.Shorten(commit)} does not follow {ActiveRevision.Shorten(served)}, which was served last: the ref was moved back, or its history rewritten; "
                + $"`m2m pdp accept {ActiveRevision.Shorten(commit)}`, or a new start with `--accept {ActiveRevision.Shorten(commit)}`, serves it all the same"
                + (_accepted is null ? "" : $" (`--accept {_accepted}` names another)");

    /// <summary>What <c>--accept</c> names, where the repository has no such commit, so that it does nothing; null where it has, and where nothing is named.</summary>
    public string? UnknownAccepted
    {
        get
        {
            if (_accepted is null)
                return null;
            try
            {
                return _repository.FindCommit(_accepted).StartsWith(_accepted, StringComparison.Ordinal) ? null : _accepted;
            }
            catch (PolicyStoreException)
            {
                return _accepted;
            }
        }
    }

    /// <summary>Who signed a commit, or why it must not be served; neither where it needs no signature.</summary>
    /// <param name="served">The commit that was served last; null where none is known.</param>
    /// <param name="commit">The commit that is to be served.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="PolicyStoreException">The repository, or who may sign, cannot be read.</exception>
    public SignatureCheck CheckTrust(string? served, string commit, DateTimeOffset now) => _trust.Judge(served, commit, now);

    /// <summary>The policy set of a commit, compiled and tested: see <see cref="RevisionCompiler"/>. What this program compiled before is not compiled again.</summary>
    /// <exception cref="PolicyStoreException">The commit has no such folder, or the repository cannot be read.</exception>
    /// <exception cref="CompilerException">It could not be compiled in a process of its own.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public CompiledRevision Compile(string commitId, CancellationToken cancellation = default)
    {
        if (_compiled.Find(commitId, Folder) is { } known)
            return known;
        (CompiledRevision revision, ReadOnlyMemory<byte> file) = _isServing ? CompilerProcess.Compile(_repository, commitId, Folder, CompilerProcess.Longest, cancellation) : CompileHere(commitId);
        if (revision.Bundle is not null)
            _compiled.Keep(commitId, Folder, file.Span);
        return revision;
    }

    private (CompiledRevision, ReadOnlyMemory<byte>) CompileHere(string commitId)
    {
        CompiledRevision revision = RevisionCompiler.Compile(_repository, commitId, Folder, _compile);
        return (revision, CompiledFile.Write(revision, Folder));
    }

    /// <summary>Forgets what other commits than these compiled to.</summary>
    public void KeepCompiled(IEnumerable<string> commits) => _compiled.KeepOnly(commits);

    /// <summary>The revision with which the server starts: the newest or, where that cannot be served, the one that was served last. Without either it does not.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="lastServed">The commit that was served last; null where none is known.</param>
    /// <param name="floor">The newest commit that was let in, which the newest must follow; null where none is known.</param>
    /// <param name="accepted">A commit that an operator lets in although it does not follow; null for none.</param>
    /// <exception cref="StartupException">The policy set is not valid, and the message has every diagnostic; or nobody who may signed it.</exception>
    /// <exception cref="PolicyStoreException">The repository, the ref or the folder cannot be read.</exception>
    public RevisionStatus LoadFirst(DateTimeOffset now, ServedCommit? lastServed, string? floor, string? accepted = null)
    {
        string commit = "";
        try
        {
            commit = FindCommit();
            // Who signed what was served last was asked when it was new; a signer who left meanwhile must not keep the server from starting again.
            SignatureCheck trust = commit == lastServed?.Commit ? CheckLast(lastServed, now) : CheckTrust(floor, commit, now);
            if (trust.Refusal is { } distrust)
                return Last(lastServed, new RefusedRevision(commit, now, [], distrust, MayHeal: true)) ?? throw new StartupException(distrust, ExitCode.InvalidPolicy);
            CompiledRevision newest = Compile(commit);
            if (Active(newest, now, trust) is not { } active)
                return Last(lastServed, new RefusedRevision(commit, now, newest.Diagnostics, null, MayHeal: false)) ?? throw Invalid(newest);
            return floor is not null && WhyNotAfter(floor, commit, accepted) is { } reason
                ? Last(lastServed, new RefusedRevision(commit, now, [], reason, MayHeal: false) { IsOtherHistory = true }) ?? throw new StartupException(reason, ExitCode.CouldNotRun)
                : new RevisionStatus(active, null, now);
        }
        catch (PolicyStoreException fault)
        {
            if (IsMadeAnew())
                return LoadFirst(now, lastServed, floor, accepted);
            RevisionStatus? last = Last(lastServed, new RefusedRevision(commit, now, [], fault.Message, MayHeal: true));
            if (last is null)
                throw;
            return last;
        }
        catch (Exception fault) when (fault is not (StartupException or OutOfMemoryException))
        {
            // The edge of the compiler, as where the server runs: whatever it does wrong with the newest must not keep the last good one from being served.
            string failed = $"the compiler failed on {ActiveRevision.Shorten(commit)}: {fault.Message}";
            return Last(lastServed, new RefusedRevision(commit, now, [], failed, MayHeal: false))
                ?? throw new StartupException($"{failed}; no earlier commit is known to have been served with this data folder, and `--ref COMMIT` serves one until this is mended", ExitCode.InvalidPolicy, fault);
        }
    }

    /// <summary>Whether what could not be read was the damage of a clone, which is mended now; it is then no longer the same fault.</summary>
    private bool IsMadeAnew()
    {
        Suspect();
        try
        {
            return Refresh(isNews: true, CancellationToken.None);
        }
        catch (PolicyStoreException)
        {
            // What could not be read is told, and the follower tells this.
            return false;
        }
    }

    private RevisionStatus? Last(ServedCommit? lastServed, RefusedRevision newest) =>
        lastServed is not null && Reload(lastServed, newest.SeenAt).Revision is { } active ? new RevisionStatus(active, newest, newest.SeenAt) : null;

    /// <summary>A revision that was let in before, read and compiled again; or why it cannot be served any more. Who signed it was asked when it was new.</summary>
    public (ActiveRevision? Revision, string? Fault) Reload(ServedCommit commit, DateTimeOffset now)
    {
        try
        {
            SignatureCheck trust = CheckLast(commit, now);
            if (trust.Refusal is { } distrust)
                return (null, distrust);
            CompiledRevision compiled = Compile(commit.Commit);
            return Active(compiled, now, trust, commit.WasSigned) is { } revision ? (revision, null) : (null, string.Join("; ", compiled.Diagnostics.Select(DiagnosticText.OfLine)));
        }
        catch (Exception fault) when (fault is PolicyStoreException or CompilerException)
        {
            // Pruned, or of a repository that is gone.
            return (null, fault.Message);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return (null, $"the compiler failed: {fault.Message}");
        }
    }

    /// <summary>What was served while signatures were not asked for is asked for its own now.</summary>
    private SignatureCheck CheckLast(ServedCommit last, DateTimeOffset now) => last.WasSigned || !RequiresSignatures ? new SignatureCheck(null, null) : CheckTrust(null, last.Commit, now);

    /// <summary>A commit that was judged, ready to be served; null where it cannot be.</summary>
    /// <param name="compiled">What it compiled to.</param>
    /// <param name="now">The moment.</param>
    /// <param name="trust">Who signed it.</param>
    /// <param name="wasSigned">Whether that was asked before.</param>
    /// <param name="before">The revision before it.</param>
    public ActiveRevision? Active(CompiledRevision compiled, DateTimeOffset now, SignatureCheck trust, bool wasSigned = false, ActiveRevision? before = null) => compiled.Bundle is { } bundle
        ? new ActiveRevision(compiled.CommitId, compiled.Summary, bundle, now, before) { SignedBy = trust.Signer, WasSigned = wasSigned || RequiresSignatures }
        : null;

    private StartupException Invalid(CompiledRevision compiled) => new(
        string.Join('\n',
            [.. compiled.Diagnostics.Select(DiagnosticText.OfLine),
                $"the policy set in `{Folder}` of {ActiveRevision.Shorten(compiled.CommitId)} is not valid, and no earlier commit is known to have been served with this data folder",
                "`--ref COMMIT` serves an earlier commit until this is mended"]),
        ExitCode.InvalidPolicy);
}
