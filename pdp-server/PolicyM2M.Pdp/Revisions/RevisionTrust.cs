using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>
/// Whose signature a commit needs before it is served. The commit that is served must be signed itself: it names the whole tree and all of its
/// history, so that its signer answers for both, whoever wrote the commits before it. Immutable; the file of signers is read at each judgement, so that one who is taken out of it signs nothing any more.
/// </summary>
internal sealed class RevisionTrust
{
    private readonly GitPolicyRepository _repository;
    private readonly string? _allowedSigners;

    private RevisionTrust(GitPolicyRepository repository, string? allowedSigners, bool isRequired)
    {
        _repository = repository;
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
            return options.RequireSigned ? throw new StartupException("--require-signed: `--allowed-signers FILE` must say whose signatures count") : new RevisionTrust(repository, null, false);
        string path = Path.GetFullPath(file);
        if (path.StartsWith(repository.Location + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new StartupException($"--allowed-signers: `{file}` lies in the repository {repository.Location}, so that whoever commits there would say whose signatures count; keep it elsewhere");
        AllowedSigners.Load(path);
        return new RevisionTrust(repository, path, options.RequireSigned);
    }

    /// <summary>Who signed a commit, or why it must not be served. Neither where it needs no signature.</summary>
    /// <param name="commit">The commit that is to be served.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="PolicyStoreException">The repository or the file of signers cannot be read.</exception>
    public SignatureCheck Judge(string commit, DateTimeOffset now) =>
        IsRequired && _allowedSigners is { } file ? _repository.CheckSignature(commit, AllowedSigners.Load(file), now) : new SignatureCheck(null, null);
}
