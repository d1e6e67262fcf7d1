using System.Collections.Immutable;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>What is kept for a question.</summary>
/// <param name="Kept">The decision.</param>
/// <param name="Facts">What was known of the device when it was found.</param>
/// <param name="IsFresh">Whether it need not be asked for again.</param>
/// <param name="HoldsUntil">When the device leaves its region by the clock, or is vouched for no longer.</param>
internal readonly record struct Found(KeptDecision Kept, DeviceFacts Facts, bool IsFresh, DateTimeOffset HoldsUntil)
{
    public DateTimeOffset FreshUntil => Earlier(Earlier(Kept.FreshUntil, Kept.StatedFreshUntil(Facts)), HoldsUntil);

    public DateTimeOffset UsableUntil => Earlier(Kept.UsableUntil, HoldsUntil);

    public AtHand At(DateTimeOffset now) => IsFresh && now < FreshUntil ? AtHand.Fresh : now < UsableUntil ? AtHand.Usable : AtHand.Ended;

    public DeviceDecision Answer(DecisionSource source) => new(Kept.Decision.Outcome, source, Kept.Decision, FreshUntil, UsableUntil) { Signed = new SignedDecision(Kept.Signed, Facts.Statement?.Signed) };

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => other < one ? other : one;
}

/// <summary>What a decision point answered, verified.</summary>
/// <param name="Decisions">The decisions, of one revision, in the order of the kinds asked for.</param>
/// <param name="Statement">The device's statement, where one came.</param>
/// <param name="Needed">The attributes that the revision needs of a device.</param>
internal sealed record Answer(ImmutableArray<KeptDecision> Decisions, HeldStatement? Statement, ImmutableSortedSet<string> Needed);
