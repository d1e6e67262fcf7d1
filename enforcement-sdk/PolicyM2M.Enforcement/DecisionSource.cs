namespace PolicyM2M.Enforcement;

/// <summary>Where an answer came from, best first.</summary>
public enum DecisionSource
{
    /// <summary>The decision point answered just now.</summary>
    Live,

    /// <summary>A decision made earlier that is still fresh.</summary>
    Cached,

    /// <summary>A decision made earlier, no longer fresh but still usable; the decision point cannot be reached.</summary>
    Stale,

    /// <summary>There is no decision to go by, so the answer is deny.</summary>
    Denied,
}

/// <summary>What the sources are called.</summary>
public static class DecisionSources
{
    /// <summary>The source's name: <c>live</c>, <c>cached</c>, <c>stale</c> or <c>denied</c>.</summary>
    public static string Name(this DecisionSource source) => source switch
    {
        DecisionSource.Live => "live",
        DecisionSource.Cached => "cached",
        DecisionSource.Stale => "stale",
        _ => "denied",
    };
}
