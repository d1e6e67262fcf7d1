using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>Makes of a commit what answers are made from. A function of the commit, the folder and this program: nothing else has a part in it, neither the time nor what was served before.</summary>
internal static class RevisionCompiler
{
    /// <summary>
    /// Names the program that compiles: the identities of the modules that read, compile and write policies, which a build derives from their content. Two programs of one identity give the same bundle for one commit.
    /// </summary>
    public static string Identity { get; } = Hash(string.Join(' ', new[] { typeof(Bundle), typeof(PolicyCompiler), typeof(GitPolicyRepository), typeof(RevisionCompiler) }
        .Select(type => type.Module.ModuleVersionId)));

    /// <summary>Reads and compiles the policy set of a commit, runs its own tests, and holds the bundle against its policies: what its authors say of it must hold before anybody is answered from it.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="commit">Its id.</param>
    /// <param name="folder">Where its policies are.</param>
    /// <param name="test">Compiles and tests what was read; null for <see cref="Test"/>.</param>
    /// <exception cref="PolicyStoreException">The commit has no such folder, or the repository cannot be read.</exception>
    public static CompiledRevision Compile(GitPolicyRepository repository, string commit, string folder, Func<PolicyRevision, PolicyTestRun>? test = null)
    {
        PolicyRevision revision = repository.ReadRevision(commit, folder);
        PolicyTestRun run = (test ?? Test)(revision);
        return new CompiledRevision(revision.CommitId, revision.Summary, run.Objections, run.HasPassed ? run.Bundle : null);
    }

    /// <summary>Compiles a policy set and runs all of its own tests.</summary>
    public static PolicyTestRun Test(PolicyRevision revision) => PolicyTester.Run(revision.Sources, revision.Sources, filter: null, progress: null);

    /// <summary>A short name of a text, for files and comparisons.</summary>
    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
