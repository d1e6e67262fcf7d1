using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>What the policies say of one context.</summary>
/// <param name="Bundle">The policies.</param>
/// <param name="Context">The context as their attribute schema reads it.</param>
/// <param name="Decisions">One decision for each kind asked for, in that order, and what was missing for it.</param>
internal sealed record Answer(Bundle Bundle, PreparedContext Context, ImmutableArray<(Decision Decision, Gaps Gaps)> Decisions)
{
    /// <summary>What was missing for some kind, in ordinal order.</summary>
    public Gaps Gaps => Gaps.Of([.. Decisions.Select(answer => answer.Gaps)]);

    public bool IsDenied => Decisions.Any(answer => answer.Decision.Outcome.IsDenied);

    public static Answer Of(Decider decider, IEnumerable<DecisionKind> kinds, DeviceContext context, DateTimeOffset now)
    {
        PreparedContext prepared = decider.Prepare(context);
        var path = new DecisionPath();
        return new Answer(decider.Bundle, prepared, [.. kinds.Select(kind => (decider.Decide(kind, prepared, now, path), path.Region().GapsOf(prepared, now)))]);
    }
}
