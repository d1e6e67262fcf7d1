namespace PolicyM2M.Pdp.Startup;

/// <summary>The server cannot start, for a reason that the person at the console can mend. The message is all they need to see.</summary>
internal sealed class StartupException(string message, int exitCode = ExitCode.CouldNotRun, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;
}
