using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>Answers from the bundle that is held. Mutable: the bundle is replaced whole. Safe for all threads.</summary>
/// <param name="trusted">The keys of today.</param>
/// <param name="discarded">Told of a bundle that was thrown away because its signer is not trusted any more.</param>
internal sealed class LocalAnswers(Func<TrustedKeys> trusted, Action<string> discarded)
{
    private static readonly Lazy<HeldBundle?> Nothing = new((HeldBundle?)null);

    private Lazy<HeldBundle?> _held = Nothing;

    /// <summary>The bundle; null where none is held. One that was vouched for by a key which nobody serves any more is thrown away. Waits for one that is being read.</summary>
    public HeldBundle? Held
    {
        get
        {
            Lazy<HeldBundle?> place = Volatile.Read(ref _held);
            if (place.Value is not { } held || trusted().Knows(held.Signed.KeyId))
                return place.Value;
            // What was put in its place meanwhile stays.
            if (Interlocked.CompareExchange(ref _held, Nothing, place) == place)
                discarded("the bundle is not signed by a key that is trusted");
            return null;
        }
        set => Volatile.Write(ref _held, new Lazy<HeldBundle?>(value));
    }

    /// <summary>Begins to read the bundle that was kept. Whoever needs it before it is read waits; whose answer is kept does not.</summary>
    /// <param name="read">Reads it.</param>
    /// <returns>Ends when it is read.</returns>
    public Task BeginReading(Func<HeldBundle?> read)
    {
        var reading = new Lazy<HeldBundle?>(read);
        Volatile.Write(ref _held, reading);
        return Task.Run(() => reading.Value);
    }

    /// <summary>What the bundle says to a question; null where none is held, or none that may answer for the device.</summary>
    /// <param name="kind">What to decide.</param>
    /// <param name="claims">What the device says of itself.</param>
    /// <param name="facts">What is known of it, and believed.</param>
    /// <param name="isTimeKnown">Whether somebody vouches for the clock: otherwise nothing is fresh.</param>
    /// <param name="now">The time.</param>
    public Local? Find(DecisionKind kind, ClaimSet claims, DeviceFacts facts, bool isTimeKnown, DateTimeOffset now)
    {
        // As for what is kept: whom nobody answered for, or who was refused, gets nothing. Policies from before those already seen are refused.
        if (Held is not { } held || facts.Served is not { } served || (facts.LatestSeen is { } seen && held.Stamp.IsBefore(seen)) || now >= held.ValidUntil)
            return null;
        if (held.Decide(kind, held.Prepare(claims, facts), facts, now) is not { } made)
            return null;
        bool isFresh = isTimeKnown && facts.IsCurrent && !held.Stamp.IsOtherThan(served.Id);
        return new Local(held, made, facts, isFresh);
    }

    /// <summary>A decision made here, as an answer.</summary>
    /// <param name="Held">From which policies.</param>
    /// <param name="Made">The decision.</param>
    /// <param name="Facts">What was known of the device.</param>
    /// <param name="IsFresh">Whether these are the policies that are served, and what is known of the device is still so.</param>
    internal sealed record Local(HeldBundle Held, LocalDecision Made, DeviceFacts Facts, bool IsFresh)
    {
        public AtHand At(DateTimeOffset now) => IsFresh && now < Made.FreshUntil ? AtHand.Fresh : now < Made.UsableUntil ? AtHand.Usable : AtHand.Ended;

        public DeviceDecision Answer(DecisionSource source)
        {
            ImmutableArray<RuleName> rules = [.. Made.Decision.Rules.Select(rule => new RuleName(rule.Policy, rule.Label, rule.Source.File, rule.Source.Line, rule.Source.Column))];
            var decision = new ReceivedDecision(Made.Decision.Outcome, rules, Held.Statement.Revision, Held.Statement.IssuedAt, Made.FreshUntil, Made.UsableUntil)
            {
                ActivatedAt = Held.Statement.ActivatedAt,
                Region = Made.Region,
            };
            return new DeviceDecision(decision.Outcome, source, decision, Made.FreshUntil, Made.UsableUntil) { IsLocal = true };
        }
    }
}
