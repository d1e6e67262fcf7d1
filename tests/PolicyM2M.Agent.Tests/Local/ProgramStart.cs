using System.Reflection;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>How the agent is started.</summary>
/// <param name="Program">What is started.</param>
/// <param name="Arguments">Its first arguments; those of the agent come after them.</param>
internal sealed record ProgramStart(string Program, string[] Arguments)
{
    /// <summary>The agent of the ordinary build.</summary>
    public static ProgramStart Ordinary { get; } = new(
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        [typeof(ProgramStart).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "AgentAssembly").Value!]);
}
