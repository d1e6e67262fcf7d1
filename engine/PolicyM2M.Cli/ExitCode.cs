namespace PolicyM2M.Cli;

/// <summary>What the process says to the script that started it. Documented in the help; never changed.</summary>
internal static class ExitCode
{
    /// <summary>The policies are valid; every kind asked for is allowed.</summary>
    public const int Ok = 0;

    /// <summary>It could not run: bad arguments, files that cannot be read, contexts that are none.</summary>
    public const int CouldNotRun = 1;

    /// <summary>A kind asked for is denied.</summary>
    public const int Denied = 2;

    /// <summary>The policy set has errors.</summary>
    public const int InvalidPolicy = 3;

    /// <summary>Something is not as it should be: a policy is not formatted.</summary>
    public const int NotAsExpected = 4;

    /// <summary>Whoever read standard output has gone before its end: what a shell says of a process that SIGPIPE ended.</summary>
    public const int NobodyReads = 141;
}
