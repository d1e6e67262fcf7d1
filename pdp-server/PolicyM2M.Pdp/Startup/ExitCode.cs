namespace PolicyM2M.Pdp.Startup;

/// <summary>What the process tells the shell. The codes are the same as those of <c>m2m</c>.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int CouldNotRun = 1;
    public const int InvalidPolicy = 3;
}
