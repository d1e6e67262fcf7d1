using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>
/// Whose signature a commit needs before it is served. The commit that is served must be signed itself: it names the whole tree and all of its
/// history, so that its signer answers for both, whoever wrote the commits before it. Immutable; the file of
/// signers is read at each judgement, so that one who is taken out of it signs nothing any more.
/// </summary>
internal sealed class RevisionTrust
{
    private readonly GitPolicyRepository _repository;
    private readonly string _folder;
    private readonly string? _allowedSigners;

    private RevisionTrust(GitPolicyRepository repository, string folder, string? allowedSigners, bool isRequired)
    {
        _repository = repository;
        _folder = folder;
        _allowedSigners = allowedSigners;
        IsRequired = isRequired;
    }

    /// <summary>Whether every commit needs a signature.</summary>
    public bool IsRequired { get; }

    /// <exception cref="StartupException">The options do not go together, or the repository holds the file that says whom to trust with it.</exception>
    /// <exception cref="PolicyStoreException">The file of signers cannot be used.</exception>
    public static RevisionTrust Of(GitPolicyRepository repository, PdpOptions options)
    {
        if (options.AllowedSigners is not { } file)
            return options.RequireSigned
                ? throw new StartupException("--require-signed: `--allowed-signers FILE` must say whose signatures count")
                : new RevisionTrust(repository, options.Folder, null, false);
        string path = Path.GetFullPath(file);
        if (IsIn(repository.Location, path))
            throw new StartupException($"--allowed-signers: `{file}` lies in the repository {repository.Location}, so that whoever commits there would say whose signatures count; keep it elsewhere");
        AllowedSigners.Load(path);
        return new RevisionTrust(repository, options.Folder, path, options.RequireSigned);
    }

    /// <summary>Who signed a commit, or why it must not be served. Neither where it needs no signature.</summary>
    /// <param name="served">The commit that was served last; null where none is known.</param>
    /// <param name="commit">The commit that is to be served.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="PolicyStoreException">The repository or the file of signers cannot be read.</exception>
    public SignatureCheck Judge(string? served, string commit, DateTimeOffset now)
    {
        AllowedSigners? allowed = _allowedSigners is null ? null : AllowedSigners.Load(_allowedSigners);
        SignatureCheck own = IsRequired ? _repository.CheckSignature(commit, allowed!, now) : new SignatureCheck(null, null);
        return own.Refusal is null && WhyNotEnough(served, commit, allowed, now) is { } refusal ? new SignatureCheck(null, refusal) : own;
    }

    /// <summary>Whether a file lies in a folder, by where both lead to: a link elsewhere must not hide that whoever commits writes it.</summary>
    private static bool IsIn(string folder, string file)
    {
        try
        {
            return RealPath.Of(file).StartsWith(RealPath.Of(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--allowed-signers: `{file}` cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>
    /// Why too few signed what the manifests protect. Both have a say: the one that was served, or a commit could take away its own protection, and the new
    /// one. Where the new one has faults it is refused for those.
    /// </summary>
    private string? WhyNotEnough(string? served, string commit, AllowedSigners? allowed, DateTimeOffset now)
    {
        // What was served last may be gone where the clone was made anew after its history was rewritten; then all of the history must show the signatures.
        bool isKnown = served is not null && _repository.Follows(served, served);
        IReadOnlyList<ProtectedPaths>? before = !isKnown ? [] : PolicyCompiler.ReadProtectedPaths(_repository.ReadRevision(served!, _folder).Sources);
        if (before is null)
            return $"what the manifest of {ActiveRevision.Shorten(served!)} protects, which was served last, cannot be read";
        IReadOnlyList<ProtectedPaths> after = PolicyCompiler.ReadProtectedPaths(_repository.ReadRevision(commit, _folder).Sources) ?? [];
        foreach (ProtectedPaths files in before.Concat(after))
        {
            string what = $"`{string.Join("`, `", files.Paths)}` or the manifest, which take {files.Signers} {(files.Signers == 1 ? "signer" : "signers")} to change";
            string since = isKnown ? $" since {ActiveRevision.Shorten(served!)}, which was served last" : "";
            if (allowed is null)
                return $"the manifest protects {what}, and nobody said whose signatures count: start with `--allowed-signers FILE`";
            if (_repository.FindSigners(served, commit, _folder, files, allowed, now) is { } signers && signers.Length < files.Signers)
                return $"the commit {ActiveRevision.Shorten(commit)} changes {what}: {Named(signers)} so far{since}; another allowed signer signs it with `git commit --allow-empty -S` on top";
        }
        return null;
    }

    private static string Named(ImmutableArray<string> signers) => signers.IsEmpty ? "nobody signed" : $"{string.Join(", ", signers)} signed";
}
