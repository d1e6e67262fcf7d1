using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The command, as the process that people start.</summary>
internal static class M2MProcess
{
    /// <summary>Where it was built: beside the server it would miss what the server has from the shared framework.</summary>
    private static readonly string Command = Path.Combine(
        ProjectFolder.Of(typeof(M2MProcess).Assembly), "../../engine/PolicyM2M.Cli", Path.GetRelativePath(ProjectFolder.Of(typeof(M2MProcess).Assembly), AppContext.BaseDirectory), "m2m.dll");

    public static FinishedProcess Run(params string[] arguments) => RunWith("", arguments);

    /// <summary>Likewise, with something on its standard input.</summary>
    public static FinishedProcess RunWith(string input, params string[] arguments) =>
        FinishedProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Command, .. arguments], Path.GetTempPath(), input);
}
