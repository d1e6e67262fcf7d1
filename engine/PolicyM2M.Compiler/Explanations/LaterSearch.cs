using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Follows one context into the future, from each region's end to the next: every moment in between is decided as the region's first.</summary>
internal static class LaterSearch
{
    /// <summary>So many ends of regions are looked at: with two a day they are more than a year, and some tenths of a second.</summary>
    private const int MostRegions = 1000;

    /// <summary>The first moment at which the decision is another.</summary>
    public static LaterDecision Find(Decider decider, DeviceContext context, DateTimeOffset now, Decision decision)
    {
        PreparedContext prepared = decider.Prepare(context);
        var path = new DecisionPath();
        DateTimeOffset moment = now;
        for (int i = 0; i < MostRegions; i++)
        {
            Decision other = decider.Decide(decision.Kind, prepared, moment, path);
            if (CounterfactualSearch.IsAnother(decision, other))
                return new LaterDecision(moment, other, null);
            if (path.Region().HoldsUntil(prepared, moment) is not { } until)
                return new LaterDecision(null, null, null);
            if (until <= moment)
                break;
            moment = until;
        }
        return new LaterDecision(null, null, moment);
    }
}
