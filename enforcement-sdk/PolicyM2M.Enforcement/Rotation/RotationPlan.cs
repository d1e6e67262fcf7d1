using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// When one credential is renewed under one decision, and how long it may be used. Pure: the same credential, decision and spread give the same plan.
/// <c>docs/rotation.md</c> has the picture.
/// </summary>
/// <param name="RenewAt">When to begin renewing: the device's own moment, never later than what <c>renew-at</c> says.</param>
/// <param name="Limit">From then on the decision no longer allows it: the end of its validity, of its <c>lifetime</c> or of its <c>key-lifetime</c>, whichever comes first.</param>
/// <param name="GraceUntil">From then on it may not be used although its issuer cannot be reached. Never after its validity: no peer would take it.</param>
/// <param name="Rekey">Whether the renewal makes a new key.</param>
/// <param name="Overlap">How long it stays usable beside its successor once that has been used; null for as long as <paramref name="Limit"/> allows.</param>
/// <param name="Cause">Why it will be renewed at that moment.</param>
public sealed record RotationPlan(DateTimeOffset RenewAt, DateTimeOffset Limit, DateTimeOffset GraceUntil, bool Rekey, TimeSpan? Overlap, RotationCause Cause)
{
    /// <summary>
    /// No renewal before a twentieth of a life is over, whatever the policy: <c>renew-at 0%</c> would otherwise renew for ever, each successor being due as
    /// soon as it comes.
    /// </summary>
    private const int LeastShareOfLife = 20;

    /// <summary>Makes the plan.</summary>
    /// <param name="times">The credential's clocks.</param>
    /// <param name="outcome">What the policies say of its rotation.</param>
    /// <param name="spread">The device's own place in its fleet.</param>
    /// <param name="isOrderObeyed">Whether an order to rotate at once was obeyed already: it then was for the predecessor.</param>
    /// <exception cref="ArgumentException">The outcome is of another kind or a denial, or the validity ends before it begins.</exception>
    public static RotationPlan Of(CredentialTimes times, Outcome outcome, DeviceSpread spread, bool isOrderObeyed = false)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (times.NotAfter < times.NotBefore)
            throw new ArgumentException("the validity ends before it begins", nameof(times));
        RotationTerms terms = RotationTerms.Of(outcome);

        DateTimeOffset ofLife = Earlier(times.NotAfter, After(times.NotBefore, terms.Lifetime));
        DateTimeOffset ofKey = After(times.KeyMade, terms.KeyLifetime);
        DateTimeOffset limit = Earlier(ofLife, ofKey);
        DateTimeOffset grace = Earlier(times.NotAfter, After(limit, terms.OfflineGrace));

        DateTimeOffset due = Moment(times.NotBefore, ofLife, terms, spread);
        DateTimeOffset keyDue = terms.KeyLifetime is null ? DateTimeOffset.MaxValue : Moment(times.KeyMade, ofKey, terms, spread);
        // A key that would be due before the successor is gets its own successor now: two renewals shortly after one another help nobody.
        bool isKeyOver = keyDue <= After(due, due - times.NotBefore);
        return terms.RotateNow && !isOrderObeyed
            ? new RotationPlan(Earlier(times.NotBefore, Earlier(due, keyDue)), limit, grace, Rekey: true, TimeSpan.Zero, RotationCause.Ordered)
            : new RotationPlan(Earlier(due, keyDue), limit, grace, terms.MustRekey || isKeyOver, terms.Overlap, keyDue < due ? RotationCause.KeyDue : RotationCause.Due);
    }

    /// <summary>The earliest moment at which a credential may be due because of its key, wherever it stands in its fleet.</summary>
    /// <param name="made">When the key was made.</param>
    /// <param name="outcome">What the policies say of its rotation.</param>
    internal static DateTimeOffset KeyDue(DateTimeOffset made, Outcome outcome)
    {
        RotationTerms terms = RotationTerms.Of(outcome);
        return terms.KeyLifetime is null ? DateTimeOffset.MaxValue : Moment(made, After(made, terms.KeyLifetime), terms, new DeviceSpread(ulong.MaxValue));
    }

    /// <summary>Until when it stays usable beside a successor that has been used.</summary>
    /// <param name="used">When its successor was first used.</param>
    public DateTimeOffset OldUntil(DateTimeOffset used) => Earlier(Limit, After(used, Overlap));

    /// <summary>The device's moment on one clock: the share of it that <c>renew-at</c> names, less the device's part of the spread.</summary>
    private static DateTimeOffset Moment(DateTimeOffset from, DateTimeOffset until, RotationTerms terms, DeviceSpread spread)
    {
        TimeSpan life = until > from ? until - from : TimeSpan.Zero;
        TimeSpan elapsed = Longer(Part(life, terms.RenewAt), life / LeastShareOfLife);
        // What is left is the window; the fleet spreads over its share of it, towards the beginning. Half of the way there is never given away.
        TimeSpan width = Shorter(Part(life - elapsed, terms.Spread), elapsed / 2);
        return from + Longer(elapsed - spread.Of(width), life / LeastShareOfLife);
    }

    /// <summary>An exact part: validities of IEEE 802.1AR reach to the year 9999, and a floating day is no day.</summary>
    private static TimeSpan Part(TimeSpan of, Fraction share) => TimeSpan.FromTicks((long)((Int128)of.Ticks * share.Numerator / share.Denominator));

    private static DateTimeOffset After(DateTimeOffset from, TimeSpan? length) =>
        length is not { } known || known > DateTimeOffset.MaxValue - from ? DateTimeOffset.MaxValue : from + known;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
