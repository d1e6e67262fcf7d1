using System.Reflection;
using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PolicyM2M.Testing;

/// <summary>
/// Compares a text with the one that somebody reviewed and committed, by the file convention of Verify:
/// <c>{Class}.{Method}.verified.txt</c> beside the test's source, and <c>.received.txt</c> next to it on a mismatch.
/// It stands in for Verify.NUnit, which does not restore from every registry; a test that calls it needs no change but the call.
/// </summary>
public static class Snapshot
{
    /// <summary>The environment variable that, set to 1, makes what was received the verified text.</summary>
    public const string AcceptVariable = "POLICYM2M_ACCEPT";

    /// <summary>Fails the running test unless <paramref name="received"/> is the verified text.</summary>
    /// <param name="received">The text to compare; its line ends may be of any kind.</param>
    /// <param name="scenario">Which case of the test it is, where one test has several snapshots; becomes part of the file's name.</param>
    /// <param name="sourceFile">Filled in by the compiler: the source file of the test.</param>
    public static void Match(string received, string? scenario = null, [CallerFilePath] string sourceFile = "")
    {
        TestContext.TestAdapter test = TestContext.CurrentContext.Test;
        Type type = test.Type ?? throw new InvalidOperationException("a snapshot is taken within a test");
        string method = test.MethodName ?? throw new InvalidOperationException("a snapshot is taken within a test method");

        var files = new SnapshotFiles(SourceFolder(type.Assembly, sourceFile), SnapshotFiles.NameOf(type.Name, method, scenario));
        string? failure = files.Compare(received, SnapshotMode.FromEnvironment());
        if (failure is not null)
            Assert.Fail(failure);
    }

    /// <summary>As <see cref="Match"/>, for a snapshot with a name of its own: <c>{name}.verified.txt</c> beside the test's source.</summary>
    public static void MatchNamed(string name, string received, [CallerFilePath] string sourceFile = "")
    {
        Type type = TestContext.CurrentContext.Test.Type ?? throw new InvalidOperationException("a snapshot is taken within a test");
        string? failure = new SnapshotFiles(SourceFolder(type.Assembly, sourceFile), name).Compare(received, SnapshotMode.FromEnvironment());
        if (failure is not null)
            Assert.Fail(failure);
    }

    /// <summary>
    /// The folder of a test's source. CI builds rewrite the compiler's paths, so only the part below the project's folder
    /// is taken from them; the folder itself is in the assembly's metadata.
    /// </summary>
    internal static string SourceFolder(Assembly assembly, string sourceFile)
    {
        string project = ProjectFolder.Of(assembly);
        string marker = $"/{Path.GetFileName(project)}/";
        string path = sourceFile.Replace('\\', '/');
        int at = path.LastIndexOf(marker, StringComparison.Ordinal);
        if (at < 0)
            throw new InvalidOperationException($"{sourceFile} does not lie in the project {project}");
        return Path.GetDirectoryName(Path.Combine(project, path[(at + marker.Length)..]))!;
    }
}
