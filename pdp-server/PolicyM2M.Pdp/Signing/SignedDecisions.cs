using System.Runtime.CompilerServices;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// Signs a decision once for all who lie in its region, and hands it out again for a while: a signature costs more than all the rest of an answer. What is kept goes with its region, of
/// which a decider remembers a bounded number. Safe for all threads: where two sign the same at once, both are right.
/// </summary>
internal sealed class SignedDecisions(SigningKeys keys)
{
    private readonly ConditionalWeakTable<Region, SignedDecision?[]> _byRegion = [];
    private long _signed;

    /// <summary>How many signatures were made.</summary>
    public long Signed => Interlocked.Read(ref _signed);

    /// <summary>A decision of a revision, signed.</summary>
    public SignedDecision Of(AnsweringRevision revision, Decision decision, Region region, DateTimeOffset now)
    {
        // One region, that of everywhere, may belong to decisions of several kinds.
        SignedDecision?[] entries = _byRegion.GetValue(region, static _ => new SignedDecision?[DecisionKinds.All.Count]);
        ref SignedDecision? known = ref entries[(int)decision.Kind];
        if (known is { } entry && ReferenceEquals(entry.Decision, decision) && entry.Revision == revision && now >= entry.IssuedAt && now < entry.ReuseUntil)
            return entry;

        DateTimeOffset? closes = region.ClosesAt(now);
        DateTimeOffset reuseUntil = now + SigningTimes.Reuse(decision.FreshFor, decision.Outcome.IsDenied);
        DateTimeOffset usableUntil = now;
        Wire.V1.SignedPayload signed = keys.Sign(SignedKind.Decision, now, key =>
        {
            DateTimeOffset until = closes < key.NotAfter ? closes.Value : key.NotAfter;
            Wire.V1.Decision wire = WireMapping.ToWire(decision, revision.Id, now, until, region);
            wire.Revision = revision.ToWire();
            usableUntil = wire.UsableUntil.ToDateTimeOffset();
            return wire;
        });
        Interlocked.Increment(ref _signed);
        return known = new SignedDecision(revision, decision, region.Parts, signed)
        {
            IssuedAt = now,
            ReuseUntil = closes < reuseUntil ? closes.Value : reuseUntil,
            UsableUntil = usableUntil,
        };
    }
}
