using System.Text.RegularExpressions;
using PolicyM2M.Testing;

namespace PolicyM2M.Cli.Tests;

/// <summary>Runs the command that was built, as its own process.</summary>
internal static partial class M2M
{
    /// <summary>The policy sets that the tests use.</summary>
    public static string Cases { get; } = Path.Combine(ProjectFolder.Of(typeof(M2M).Assembly), "cases");

    public static FinishedProcess Run(params string[] arguments) => RunWith("", arguments);

    /// <summary>Runs it in the folder of the cases, with that standard input.</summary>
    public static FinishedProcess RunWith(string input, params string[] arguments) => RunIn(Cases, input, arguments);

    public static FinishedProcess RunIn(string folder, string input, params string[] arguments) => FinishedProcess.Run(
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "m2m.dll"), .. arguments], folder, input);

    /// <summary>All that a user sees of a run, without the hash of the bundle: what that is, other tests say.</summary>
    public static string Transcript(FinishedProcess run) =>
        $"exit code {run.ExitCode}\n--- standard output\n{Hash().Replace(run.Output, "(hash)")}--- standard error\n{Hash().Replace(run.Error, "(hash)")}";

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Hash();
}
