namespace PolicyM2M.Wire;

/// <summary>A message that does not say what its contract demands. What it was meant to say is never guessed.</summary>
public sealed class WireException(string message) : Exception(message);
