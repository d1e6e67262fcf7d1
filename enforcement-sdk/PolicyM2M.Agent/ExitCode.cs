namespace PolicyM2M.Agent;

/// <summary>What the agent's end means to a script.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    public const int CouldNotRun = 1;

    /// <summary>With <c>--once</c>: at least one kind was denied.</summary>
    public const int Denied = 2;
}
