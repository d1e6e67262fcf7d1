using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>The same sources give the same bytes: in another process, another culture, another folder, and whatever order the files were made in.</summary>
[TestFixture]
public sealed class DeterminismTests
{
    private static readonly string Policies = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(DeterminismTests).Assembly), "policies");

    [TestCase("tr-TR")]
    [TestCase("de-DE")]
    [TestCase("ar-SA")]
    public void Another_process_in_another_culture_writes_the_same_bundle(string culture)
    {
        using var folder = new TemporaryFolder();
        M2M.Run("compile", Policies, "-o", folder["here.m2mb"]);
        // Made in another order, so that the file system lists them in another.
        foreach (string path in Directory.GetFiles(Policies, "*", SearchOption.AllDirectories).OrderDescending(StringComparer.Ordinal))
            folder.Write("elsewhere/" + Path.GetRelativePath(Policies, path), File.ReadAllText(path));
        FinishedProcess run = FinishedProcess.Run("env", [$"LC_ALL={culture.Replace('-', '_')}.UTF-8", $"LANG={culture.Replace('-', '_')}.UTF-8", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=false", "TZ=Asia/Kathmandu",
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "m2m.dll"), "compile", folder["elsewhere"], "-o", folder["there.m2mb"]], folder.Path, "");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(File.ReadAllBytes(folder["there.m2mb"]), Is.EqualTo(File.ReadAllBytes(folder["here.m2mb"])));
    }
}
