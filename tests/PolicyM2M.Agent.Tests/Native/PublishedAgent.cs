using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Native;

/// <summary>The agent as it is shipped, compiled ahead of time by <c>publish-agent.sh</c>; once for all tests of a run.</summary>
internal static class PublishedAgent
{
    /// <summary>Where agents that were published already are: one folder for each machine. The build server publishes them once; without it they are published here.</summary>
    private const string FolderVariable = "POLICYM2M_AGENTS";

    private static readonly TemporaryFolder Folder = new();
    private static readonly Lazy<string> X64 = new(() => Publish("linux-x64"));
    private static readonly Lazy<string> Arm64 = new(() => Publish("linux-arm64"));

    /// <summary>The program for this machine.</summary>
    public static string Here()
    {
        new RequiredProgram("gcc", "gcc libc6-dev zlib1g-dev").Require();
        return X64.Value;
    }

    /// <summary>The program for arm64, and what runs it here.</summary>
    public static (string Emulator, string Program) OnArm64()
    {
        string emulator = new RequiredProgram("qemu-aarch64-static", "qemu-user-static").Require();
        foreach ((string program, string package) in new[] { ("clang", "clang"), ("ld.lld", "lld"), ("aarch64-linux-gnu-objcopy", "gcc-aarch64-linux-gnu zlib1g-dev:arm64 libssl-dev:arm64 (after dpkg --add-architecture arm64)") })
            new RequiredProgram(program, package).Require();
        return (emulator, Arm64.Value);
    }

    private static string Publish(string machine)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } published)
            return Path.Combine(published, machine, "policym2m-agent");
        FinishedProcess.Run("bash", [Path.Combine(ProjectFolder.RepositoryRootOf(typeof(PublishedAgent).Assembly), "enforcement-sdk/publish-agent.sh"), machine, Folder[machine]]).Succeeded();
        return Folder[$"{machine}/policym2m-agent"];
    }
}
