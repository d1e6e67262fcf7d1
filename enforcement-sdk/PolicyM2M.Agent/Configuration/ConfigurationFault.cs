namespace PolicyM2M.Agent.Configuration;

/// <summary>Something that is wrong with the configuration.</summary>
/// <param name="Place">Where, as <c>callers[2].user</c>; empty for the whole.</param>
/// <param name="Message">What, and what to write instead.</param>
internal sealed record ConfigurationFault(string Place, string Message)
{
    public override string ToString() => Place.Length == 0 ? Message : $"{Place}: {Message}";
}
