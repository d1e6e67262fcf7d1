using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>What the sources of an answer are called.</summary>
internal static class SourceText
{
    public static string Of(DecisionSource source) => source switch
    {
        DecisionSource.Live => "live",
        DecisionSource.Cached => "cached",
        DecisionSource.Stale => "stale",
        _ => "denied",
    };
}
