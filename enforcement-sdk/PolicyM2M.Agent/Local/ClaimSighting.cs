namespace PolicyM2M.Agent.Local;

/// <summary>Something that the gateway says of itself, as the status shows it: the value itself is for the decision point.</summary>
/// <param name="Name">The attribute.</param>
/// <param name="Source">Who said it: a file, a program, the operating system, the configuration or the certificate.</param>
/// <param name="ReadAt">When it was said; null where it is read once.</param>
/// <param name="IsTested">Whether the policies test it; null while nobody has told what they test.</param>
/// <param name="Fault">Why it counts for nothing, or is likely a mistake; null where nothing is amiss.</param>
internal sealed record ClaimSighting(string Name, string Source, DateTimeOffset? ReadAt, bool? IsTested, string? Fault);
