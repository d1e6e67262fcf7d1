namespace PolicyM2M.Cli;

/// <summary>The command cannot do its work, for a reason that is not in the policies. Caught at the edge: it becomes one line and exit code 1.</summary>
internal sealed class CannotRunException(string message, Exception? cause = null) : Exception(message, cause);
