using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>A commit of the source, compiled.</summary>
/// <param name="CommitId">The commit.</param>
/// <param name="Summary">Its summary.</param>
/// <param name="Diagnostics">Every fault of its sources.</param>
/// <param name="Bundle">The compiled set; null where there is an error.</param>
internal sealed record CompiledRevision(string CommitId, string Summary, ImmutableArray<Diagnostic> Diagnostics, Bundle? Bundle);

/// <summary>Where policies come from: one folder of one ref of one repository. Immutable.</summary>
internal sealed class RevisionSource
{
    private readonly GitPolicyRepository _repository;

    private RevisionSource(GitPolicyRepository repository, string reference, string folder)
    {
        _repository = repository;
        Ref = reference;
        Folder = folder;
    }

    public string Ref { get; }

    public string Folder { get; }

    /// <summary>The repository, as people know it.</summary>
    public string Repository => _repository.Location;

    /// <summary>Finds the repository.</summary>
    /// <exception cref="PolicyStoreException">There is none.</exception>
    public static RevisionSource Open(PdpOptions options) => new(GitPolicyRepository.Open(options.Git), options.Ref, options.Folder);

    /// <summary>The commit that the ref names now.</summary>
    /// <exception cref="PolicyStoreException">It names none, or the repository cannot be read.</exception>
    public string FindCommit() => _repository.FindCommit(Ref);

    /// <summary>Reads and compiles the policy set of a commit.</summary>
    /// <exception cref="PolicyStoreException">The commit has no such folder, or the repository cannot be read.</exception>
    public CompiledRevision Compile(string commitId)
    {
        PolicyRevision revision = _repository.ReadRevision(commitId, Folder);
        Compilation compilation = PolicyCompiler.Compile(revision.Sources);
        return new CompiledRevision(revision.CommitId, revision.Summary, compilation.Diagnostics, compilation.Bundle);
    }

    /// <summary>The revision with which the server starts: without one it does not.</summary>
    /// <exception cref="StartupException">The policy set is not valid; the message has every diagnostic.</exception>
    /// <exception cref="PolicyStoreException">The repository, the ref or the folder cannot be read.</exception>
    public RevisionStatus LoadFirst(DateTimeOffset now)
    {
        CompiledRevision compiled = Compile(FindCommit());
        if (compiled.Bundle is null)
        {
            throw new StartupException(string.Join('\n',
                [.. compiled.Diagnostics.Select(DiagnosticText.OfLine), $"the policy set in `{Folder}` of {ActiveRevision.Shorten(compiled.CommitId)} is not valid, and nothing else is being served yet",
                    "`--ref COMMIT` serves an earlier commit until this is mended"]),
                ExitCode.InvalidPolicy);
        }
        return new RevisionStatus(new ActiveRevision(compiled.CommitId, compiled.Summary, compiled.Bundle, now), null, now);
    }
}
