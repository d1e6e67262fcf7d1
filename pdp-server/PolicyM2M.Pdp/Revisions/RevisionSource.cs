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
    private readonly Func<PolicyRevision, PolicyTestRun>? _compile;
    private readonly RevisionTrust _trust;
    private readonly FollowedRemote? _remote;
    private readonly CompiledBundles _compiled;
    private readonly string? _accepted;
    private readonly TimeSpan _longest;

    private RevisionSource(
        GitPolicyRepository repository, FollowedRemote? remote, RevisionTrust trust, CompiledBundles compiled, PdpOptions options, Func<PolicyRevision, PolicyTestRun>? compile, TimeSpan longest)
    {
        _repository = repository;
        _compile = compile;
        _longest = longest;
        _remote = remote;
        _trust = trust;
        _compiled = compiled;
        _accepted = options.Accept;
        Ref = options.Ref;
        Folder = options.Folder;
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
    /// <param name="longest">How long one commit may take to compile; null for as long as a process may.</param>
    /// <exception cref="PolicyStoreException">There is none, or nobody may.</exception>
    /// <exception cref="StartupException">The options do not go together.</exception>
    public static RevisionSource Open(PdpOptions options, FollowedRemote? remote, DataFolder data, Func<PolicyRevision, PolicyTestRun>? compile = null, TimeSpan? longest = null)
    {
        var repository = GitPolicyRepository.Open(remote?.Clone ?? options.Git);
        return new RevisionSource(repository, remote, RevisionTrust.Of(repository, options), new CompiledBundles(data.Compiled), options, compile, longest ?? CompilerProcess.Longest);
    }

    /// <summary>Fetches from the remote, where it is one and it is time.</summary>
    /// <returns>Whether its clone was damaged and made anew.</returns>
    /// <exception cref="PolicyStoreException">It cannot be fetched.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool Refresh(bool isNews, CancellationToken cancellation) => _remote?.Refresh(isNews, cancellation) ?? false;

    /// <summary>How many fetches of the remote went well and how many failed; none where it is a folder.</summary>
    public (long Good, long Failed) Fetches => _remote?.Fetches ?? default;

    /// <summary>How many commits were compiled, and of how many that was kept from before.</summary>
    public (long Made, long Kept) Compilations => _compiled.Looks;

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
        _repository.Follows(served, commit) || (accepted is not null && _repository.Follows(accepted, commit))
            ? null
            : $"{ActiveRevision.Shorten(commit)} does not follow {ActiveRevision.Shorten(served)}, which was served last: the ref was moved back, or its history rewritten; "
                + $"`m2m pdp accept {ActiveRevision.Shorten(commit)}`, or a new start with `--accept {ActiveRevision.Shorten(commit)}`, lets it in all the same, if it is signed as it must be"
                + (_accepted is null ? "" : $" (`--accept {_accepted}` names another, or counted before)");

    /// <summary>The commit that <c>--accept</c> names; null where nothing is named, or the repository has no such commit.</summary>
    public string? FindAccepted()
    {
        try
        {
            return _accepted is not null && _repository.FindCommit(_accepted) is var commit && commit.StartsWith(_accepted, StringComparison.Ordinal) ? commit : null;
        }
        catch (PolicyStoreException)
        {
            return null;
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
    /// <param name="commitId">The commit.</param>
    /// <param name="isFirst">Whether there is nothing else that could be served: then nobody waits but this start, and a process of its own would only cost time.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CompilerException">It could not be compiled, or not in its time.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public CompiledRevision Compile(string commitId, bool isFirst = false, CancellationToken cancellation = default)
    {
        if (_compiled.Find(commitId, Folder) is { } known)
            return known;
        (CompiledRevision revision, ReadOnlyMemory<byte> file) =
            _compile is null && !isFirst ? CompilerProcess.Compile(_repository, commitId, Folder, _longest, cancellation) : CompileHere(commitId, cancellation);
        if (revision.Bundle is not null)
            _compiled.Keep(commitId, Folder, file.Span);
        return revision;
    }

    /// <summary>What takes too long is left to itself: a start that has nothing else to serve ends, and takes it along.</summary>
    private (CompiledRevision, ReadOnlyMemory<byte>) CompileHere(string commitId, CancellationToken cancellation)
    {
        Task<(CompiledRevision, ReadOnlyMemory<byte>)> compiling = Task.Factory.StartNew(() =>
        {
            CompiledRevision revision = RevisionCompiler.Compile(_repository, commitId, Folder, _compile);
            return (revision, (ReadOnlyMemory<byte>)CompiledFile.Write(revision, Folder));
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.WaitAny([compiling], (int)_longest.TotalMilliseconds, cancellation) < 0
            ? throw new CompilerException(CompilerProcess.TookTooLong(_longest))
            : compiling.GetAwaiter().GetResult();
    }

    /// <summary>Forgets what other commits than these compiled to.</summary>
    public void KeepCompiled(IEnumerable<string> commits) => _compiled.KeepOnly(commits);

    /// <summary>The revision with which the server starts: the newest or, where that cannot be served, the one that was served last. Without either it does not.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="lastServed">The commit that was served last; null where none is known.</param>
    /// <param name="floor">The newest commit that was let in, which the newest must follow; null where none is known.</param>
    /// <param name="accepted">A commit that an operator lets in although it does not follow; null for none.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="StartupException">The policy set is not valid, and the message has every diagnostic; or nobody who may signed it.</exception>
    /// <exception cref="PolicyStoreException">The repository, the ref or the folder cannot be read.</exception>
    public RevisionStatus LoadFirst(DateTimeOffset now, ServedCommit? lastServed, string? floor, string? accepted = null, CancellationToken cancellation = default)
    {
        string commit = "";
        try
        {
            commit = FindCommit();
            // Who signed what was served last was asked when it was new; a signer who left meanwhile must not keep the server from starting again.
            SignatureCheck trust = commit == lastServed?.Commit ? CheckLast(lastServed, now) : CheckTrust(floor, commit, now);
            if (trust.Refusal is { } distrust)
                return Last(lastServed, new RefusedRevision(commit, now, [], distrust, MayHeal: true), cancellation) ?? throw new StartupException(distrust, ExitCode.InvalidPolicy);
            CompiledRevision newest = Compile(commit, isFirst: lastServed is null, cancellation);
            if (Active(newest, now, trust) is not { } active)
                return Last(lastServed, new RefusedRevision(commit, now, newest.Diagnostics, null, MayHeal: false), cancellation) ?? throw Invalid(newest);
            return floor is not null && WhyNotAfter(floor, commit, accepted) is { } reason
                ? Last(lastServed, new RefusedRevision(commit, now, [], reason, MayHeal: false) { IsOtherHistory = true }, cancellation) ?? throw new StartupException(reason, ExitCode.CouldNotRun)
                : new RevisionStatus(active, null, now);
        }
        catch (Exception fault) when (fault is PolicyStoreException or CompilerException { MayHeal: true })
        {
            if (IsMadeAnew(cancellation))
                return LoadFirst(now, lastServed, floor, accepted, cancellation);
            if (Last(lastServed, new RefusedRevision(commit, now, [], fault.Message, MayHeal: true), cancellation) is { } last)
                return last;
            if (fault is CompilerException)
                throw new StartupException(fault.Message, ExitCode.CouldNotRun, fault);
            throw;
        }
        catch (Exception fault) when (fault is not (StartupException or OperationCanceledException or OutOfMemoryException))
        {
            // The edge of the compiler, as where the server runs: whatever it does wrong with the newest must not keep the last good one from being served.
            string failed = $"the compiler failed on {ActiveRevision.Shorten(commit)}: {fault.Message}";
            return Last(lastServed, new RefusedRevision(commit, now, [], failed, MayHeal: false), cancellation)
                ?? throw new StartupException($"{failed}; no earlier commit is known to have been served with this data folder, and `--ref COMMIT` serves one until this is mended", ExitCode.InvalidPolicy, fault);
        }
    }

    /// <summary>Whether what could not be read was the damage of a clone, which is mended now; it is then no longer the same fault.</summary>
    private bool IsMadeAnew(CancellationToken cancellation)
    {
        Suspect();
        try
        {
            return Refresh(isNews: true, cancellation);
        }
        catch (PolicyStoreException)
        {
            // What could not be read is told, and the follower tells this.
            return false;
        }
    }

    private RevisionStatus? Last(ServedCommit? lastServed, RefusedRevision newest, CancellationToken cancellation) =>
        lastServed is not null && Reload(lastServed, newest.SeenAt, cancellation).Revision is { } active ? new RevisionStatus(active, newest, newest.SeenAt) : null;

    /// <summary>A revision that was let in before, read and compiled again; or why it cannot be served any more. Who signed it was asked when it was new.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public (ActiveRevision? Revision, string? Fault) Reload(ServedCommit commit, DateTimeOffset now, CancellationToken cancellation = default)
    {
        try
        {
            SignatureCheck trust = CheckLast(commit, now);
            if (trust.Refusal is { } distrust)
                return (null, distrust);
            CompiledRevision compiled = Compile(commit.Commit, cancellation: cancellation);
            return Active(compiled, now, trust, commit.WasSigned) is { } revision ? (revision, null) : (null, string.Join("; ", compiled.Diagnostics.Select(DiagnosticText.OfLine)));
        }
        catch (Exception fault) when (fault is PolicyStoreException or CompilerException)
        {
            // Pruned, or of a repository that is gone.
            return (null, fault.Message);
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
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
