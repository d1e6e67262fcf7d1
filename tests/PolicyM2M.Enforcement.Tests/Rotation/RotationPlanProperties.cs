using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>What holds of every plan, for any credential, outcome and place in the fleet.</summary>
internal sealed class RotationPlanProperties
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_renewal_begins_within_the_validity_and_not_after_the_limit_and_grace_ends_with_the_validity() => SeededProperty.Holds(2_000, random =>
    {
        CredentialTimes times = Times(random);
        RotationPlan plan = RotationPlan.Of(times, Outcome.Allow(DecisionKind.Rotation, Fields(random)), Spread(random));
        Assert.That(plan.RenewAt, Is.LessThanOrEqualTo(plan.Limit));
        Assert.That(plan.Limit, Is.LessThanOrEqualTo(plan.GraceUntil));
        Assert.That(plan.GraceUntil, Is.LessThanOrEqualTo(times.NotAfter));
        Assert.That(plan.OldUntil(plan.RenewAt), Is.LessThanOrEqualTo(plan.Limit));
    });

    [Test]
    public void A_spread_only_ever_makes_a_renewal_earlier_and_never_by_more_than_its_share_of_what_is_left() => SeededProperty.Holds(2_000, random =>
    {
        CredentialTimes times = Times(random);
        (Field Field, FieldValue Value)[] fields = [.. Fields(random).Where(field => field.Field != Field.Spread && field.Field != Field.KeyLifetime && field.Field != Field.RotateNow)];
        Fraction share = Share(random);
        RotationPlan alone = RotationPlan.Of(times, Outcome.Allow(DecisionKind.Rotation, [.. fields, (Field.Spread, new FieldValue.Share(default))]), Spread(random));
        RotationPlan among = RotationPlan.Of(times, Outcome.Allow(DecisionKind.Rotation, [.. fields, (Field.Spread, new FieldValue.Share(share))]), Spread(random));
        Assert.That(among.RenewAt, Is.LessThanOrEqualTo(alone.RenewAt));
        Assert.That((alone.RenewAt - among.RenewAt).TotalSeconds, Is.LessThanOrEqualTo((alone.Limit - alone.RenewAt).TotalSeconds * share.Value + 1));
    });

    [Test]
    public void A_stricter_outcome_never_renews_later_or_allows_it_for_longer() => SeededProperty.Holds(2_000, random =>
    {
        CredentialTimes times = Times(random);
        DeviceSpread spread = Spread(random);
        // The spread of a fleet is relative to the window: only the same one can be compared.
        (Field, FieldValue)[] one = [.. Fields(random), (Field.Spread, new FieldValue.Share(default))], other = [.. Fields(random), (Field.Spread, new FieldValue.Share(default))];
        if (!one.Select(field => field.Item1).Contains(Field.RenewAt) || !other.Select(field => field.Item1).Contains(Field.RenewAt) || !one.Select(field => field.Item1).Contains(Field.OfflineGrace))
            return;
        Outcome lax = Outcome.Allow(DecisionKind.Rotation, one), strict = lax.Meet(Outcome.Allow(DecisionKind.Rotation, other));
        RotationPlan before = RotationPlan.Of(times, lax, spread), after = RotationPlan.Of(times, strict, spread);
        Assert.That(after.RenewAt, Is.LessThanOrEqualTo(before.RenewAt));
        Assert.That(after.Limit, Is.LessThanOrEqualTo(before.Limit));
        Assert.That(after.GraceUntil, Is.LessThanOrEqualTo(before.GraceUntil));
        Assert.That(after.OldUntil(Begin), Is.LessThanOrEqualTo(before.OldUntil(Begin)));
    });

    private static CredentialTimes Times(Random random)
    {
        TimeSpan validity = TimeSpan.FromSeconds(random.NextInt64(0, random.Next(2) == 0 ? 7_200 : 400L * 86_400));
        return new CredentialTimes(Begin, Begin + validity, Begin - TimeSpan.FromSeconds(random.NextInt64(0, 400L * 86_400)));
    }

    private static DeviceSpread Spread(Random random) => new((ulong)random.NextInt64(long.MinValue, long.MaxValue));

    private static List<(Field Field, FieldValue Value)> Fields(Random random)
    {
        var fields = new List<(Field, FieldValue)>();
        foreach (Field field in Field.Of(DecisionKind.Rotation).Where(_ => random.Next(3) > 0))
        {
            fields.Add((field, field.Shape switch
            {
                FieldShape.Ladder ladder => ladder.Find(ladder.Ranks[field == Field.RotateNow ? random.Next(20) / 19 : random.Next(2)])!,
                FieldShape.Share => new FieldValue.Share(Share(random)),
                _ => new FieldValue.Duration(random.NextInt64(0, 800L * 86_400)),
            }));
        }
        return fields;
    }

    private static Fraction Share(Random random) => Fraction.TryCreate(random.Next(0, 101), 100, out Fraction share) ? share : default;
}
