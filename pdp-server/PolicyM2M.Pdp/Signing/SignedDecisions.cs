using System.Runtime.CompilerServices;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// Signs a decision once for all who lie in its region, and hands it out again for a while: a signature costs more than all the rest of an answer. What is kept goes with its region, of
/// which a decider remembers a bounded number. Safe for all threads: where two sign the same at once, both are right.
/// </summary>
internal sealed class SignedDecisions(SigningKeys keys)
{
    private readonly ConditionalWeakTable<Region, Entry?[]> _byRegion = [];
    private long _signed;

    /// <summary>How many signatures were made.</summary>
    public long Signed => Interlocked.Read(ref _signed);

    /// <summary>A decision of a revision, signed.</summary>
    public Entry Of(RevisionId revision, Decision decision, Region region, DateTimeOffset now)
    {
        // One region, that of everywhere, may belong to decisions of several kinds.
        Entry?[] entries = _byRegion.GetValue(region, static _ => new Entry?[DecisionKinds.All.Count]);
        ref Entry? known = ref entries[(int)decision.Kind];
        if (known is { } entry && ReferenceEquals(entry.Decision, decision) && entry.Revision == revision && now >= entry.IssuedAt && now < entry.ReuseUntil)
            return entry;

        DateTimeOffset? closes = region.ClosesAt(now);
        DateTimeOffset reuseUntil = now + SigningTimes.Reuse(decision.FreshFor, decision.Outcome.IsDenied);
        Wire.V1.SignedPayload signed = keys.Sign(SignedKind.Decision, now, key =>
        {
            DateTimeOffset until = closes < key.NotAfter ? closes.Value : key.NotAfter;
            return WireMapping.ToWire(decision, revision, now, until, region);
        });
        Interlocked.Increment(ref _signed);
        return known = new Entry(revision, decision, now, closes < reuseUntil ? closes.Value : reuseUntil, signed);
    }

    /// <summary>A decision that was signed.</summary>
    /// <param name="Revision">Of which policies.</param>
    /// <param name="Decision">The decision.</param>
    /// <param name="IssuedAt">When it was signed.</param>
    /// <param name="ReuseUntil">Until when it is handed out.</param>
    /// <param name="Signed">The payload and its signature.</param>
    internal sealed record Entry(RevisionId Revision, Decision Decision, DateTimeOffset IssuedAt, DateTimeOffset ReuseUntil, Wire.V1.SignedPayload Signed);
}
