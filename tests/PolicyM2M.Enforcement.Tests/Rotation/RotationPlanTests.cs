using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>When a credential is renewed, as a table. Times are counted from its notBefore; its key is as old unless said.</summary>
internal sealed class RotationPlanTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DeviceSpread Last = new(0), Half = new(1UL << 63), First = new(ulong.MaxValue);

    // validity; outcome => renewed; limit; grace until; key
    [TestCase("30d", "renew-at 2/3  spread 0%", "20d", "30d", "30d", "same", TestName = "a share of the issued validity")]
    [TestCase("90d", "renew-at 2/3  spread 0%", "60d", "90d", "90d", "same", TestName = "of the issued one, whatever was asked for")]
    [TestCase("30d", "renew-at 2/3  spread 10%", "19d12h", "30d", "30d", "same", TestName = "half of the fleet is through half of the spread before")]
    [TestCase("30d", "renew-at 2/3  spread 100%", "15d", "30d", "30d", "same", TestName = "the whole window, halved")]
    [TestCase("30d", "renew-at 1/4  spread 100%", "5d15h", "30d", "30d", "same", TestName = "no spread gives away more than half of the way there")]
    [TestCase("30d", "", "19d12h", "30d", "30d", "same", TestName = "what nobody states is two thirds and a tenth")]
    [TestCase("30d", "lifetime 10d  renew-at 1/2  spread 0%", "5d", "10d", "10d", "same", TestName = "a lifetime shorter than the issued validity binds")]
    [TestCase("30d", "lifetime 60d  renew-at 1/2  spread 0%", "15d", "30d", "30d", "same", TestName = "a longer one does not")]
    [TestCase("44d", "lifetime 30d  renew-at 2/3  spread 0%  offline-grace 14d", "20d", "30d", "44d", "same", TestName = "grace goes past the lifetime")]
    [TestCase("30d", "lifetime 30d  renew-at 2/3  spread 0%  offline-grace 14d", "20d", "30d", "30d", "same", TestName = "and never past the validity")]
    [TestCase("30d", "lifetime 20d  renew-at 1/2  spread 0%", "10d", "20d", "20d", "same", TestName = "grace that nobody states there is not")]
    [TestCase("30d", "key-lifetime 10d  renew-at 1/2  spread 0%", "5d", "10d", "10d", "new", TestName = "the key's clock is the second")]
    [TestCase("30d", "key-lifetime 25d  renew-at 2/3  spread 0%", "16d16h", "25d", "25d", "new", TestName = "the key is due first")]
    [TestCase("30d", "key-lifetime 50d  renew-at 2/3  spread 0%", "20d", "30d", "30d", "new", TestName = "the key would be due before the successor is")]
    [TestCase("30d", "key-lifetime 365d  renew-at 2/3  spread 0%", "20d", "30d", "30d", "same", TestName = "a key that is young is kept")]
    [TestCase("30d", "rekey required  renew-at 2/3  spread 0%", "20d", "30d", "30d", "new", TestName = "a new key is required")]
    [TestCase("30d", "rotate-now  renew-at 2/3", "0s", "30d", "30d", "new", TestName = "at once, and the key with it")]
    [TestCase("30d", "renew-at 0%  spread 0%", "1d12h", "30d", "30d", "same", TestName = "at once for ever is after a twentieth")]
    [TestCase("30d", "renew-at 100%  spread 100%", "30d", "30d", "30d", "same", TestName = "nothing is left to spread over")]
    [TestCase("1h", "lifetime 1h  renew-at 1/2  spread 10%", "28m30s", "1h", "1h", "same", TestName = "an hour is a validity too")]
    [TestCase("0s", "renew-at 2/3", "0s", "0s", "0s", "same", TestName = "no validity at all")]
    public void A_plan(string validity, string outcome, string renewed, string limit, string grace, string key)
    {
        RotationPlan plan = RotationPlan.Of(Times(validity), Outcome(outcome), Half);
        Assert.That((Text(plan.RenewAt), Text(plan.Limit), Text(plan.GraceUntil), plan.Rekey ? "new" : "same"), Is.EqualTo((renewed, limit, grace, key)));
    }

    [Test]
    public void A_fleet_is_spread_from_the_beginning_of_its_share_of_the_window_to_its_end()
    {
        RotationPlan last = RotationPlan.Of(Times("30d"), Outcome("renew-at 2/3  spread 10%"), Last), first = RotationPlan.Of(Times("30d"), Outcome("renew-at 2/3  spread 10%"), First);
        Assert.That((Text(last.RenewAt), first.RenewAt - Begin), Is.EqualTo(("20d", TimeSpan.FromDays(19) + TimeSpan.FromTicks(1))));
    }

    [Test]
    public void A_birth_certificate_that_ends_with_the_calendar_has_a_plan()
    {
        var times = new CredentialTimes(Begin, new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), Begin);
        RotationPlan plan = RotationPlan.Of(times, Outcome("renew-at 2/3  spread 100%  offline-grace 30d"), Half);
        Assert.That((plan.RenewAt.Year, plan.Limit, plan.GraceUntil), Is.EqualTo((6013, times.NotAfter, times.NotAfter)));
    }

    [Test]
    public void An_order_that_was_obeyed_is_for_the_predecessor()
    {
        RotationPlan plan = RotationPlan.Of(Times("30d"), Outcome("rotate-now  rekey required  renew-at 2/3  spread 0%"), Half, isOrderObeyed: true);
        Assert.That((Text(plan.RenewAt), plan.Cause, plan.Rekey), Is.EqualTo(("20d", RotationCause.Due, true)));
    }

    [TestCase("overlap 1d", "11d")]
    [TestCase("overlap 0s", "10d")]
    [TestCase("overlap 40d", "30d")]
    [TestCase("overlap 40d  lifetime 12d", "12d")]
    [TestCase("rotate-now  overlap 1d", "10d")]
    [TestCase("", "30d")]
    public void The_old_one_stays_for_the_overlap_and_no_longer_than_the_decision_allows_it(string outcome, string until) =>
        Assert.That(Text(RotationPlan.Of(Times("30d"), Outcome(outcome), Half).OldUntil(Begin.AddDays(10))), Is.EqualTo(until));

    [Test]
    public void No_plan_is_made_from_a_denial_from_another_kind_or_from_a_validity_that_ends_before_it_begins()
    {
        Assert.That(() => RotationPlan.Of(Times("30d"), Engine.Lattice.Outcome.Deny(DecisionKind.Rotation, "no"), Half), Throws.ArgumentException);
        Assert.That(() => RotationPlan.Of(Times("30d"), Engine.Lattice.Outcome.Allow(DecisionKind.Auth, []), Half), Throws.ArgumentException);
        Assert.That(() => RotationPlan.Of(new CredentialTimes(Begin, Begin.AddTicks(-1), Begin), Outcome(""), Half), Throws.ArgumentException);
    }

    [Test]
    public void A_place_in_the_fleet_is_that_of_the_device_and_the_credential()
    {
        Assert.That(new[] { DeviceSpread.Of("plc-1", "01"), DeviceSpread.Of("plc-2", "01"), DeviceSpread.Of("plc-1", "02"), DeviceSpread.Of("plc-10", "1") }, Is.Unique);
        Assert.That(DeviceSpread.Of("plc-1", "01").Position, Is.EqualTo(0xA56B87ECE36B3661UL), "where it changes, a whole fleet renews at other moments after an update");
    }

    private static CredentialTimes Times(string validity) => new(Begin, Begin + Length(validity), Begin);

    private static Outcome Outcome(string text) => Outcomes.Of(text);

    private static TimeSpan Length(string text) => DurationText.TryParse(text, out long seconds) ? TimeSpan.FromSeconds(seconds) : throw new FormatException(text);

    private static string Text(DateTimeOffset moment) => DurationText.Format((long)(moment - Begin).TotalSeconds);
}
