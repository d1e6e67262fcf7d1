namespace PolicyM2M.Agent;

/// <summary>The agent cannot start, and says why and what to do.</summary>
internal sealed class CannotRunException(string message) : Exception(message);
