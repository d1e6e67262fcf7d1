using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>A fleet that was enrolled in one moment, which is the worst that can be. `rotation-fleet` of the benchmarks draws one.</summary>
internal sealed class FleetSpreadTests
{
    private const int Devices = 100_000;

    private static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [TestCase("30d of a validity", 30 * 24, "renew-at 2/3  spread 10%")]
    [TestCase("a day", 24, "renew-at 1/2  spread 10%")]
    [TestCase("90d, widely", 90 * 24, "renew-at 2/3  spread 20%")]
    public void No_minute_has_more_renewals_than_an_even_spread_gives_it_and_chance_allows(string name, int hours, string outcome) => SeededProperty.Holds(3, random =>
    {
        Outcome decided = Outcomes.Of(outcome);
        var times = new CredentialTimes(Begin, Begin.AddHours(hours), Begin);
        RotationPlan first = RotationPlan.Of(times, decided, new DeviceSpread(ulong.MaxValue)), last = RotationPlan.Of(times, decided, new DeviceSpread(0));
        int[] minutes = [.. Enumerable.Range(0, Devices).Select(i => RotationPlan.Of(times, decided, DeviceSpread.Of($"device-{random.Next()}-{i}", "01")))
            .GroupBy(plan => (long)(plan.RenewAt - first.RenewAt).TotalMinutes).Select(minute => minute.Count())];
        double even = Devices / Math.Max(1, (last.RenewAt - first.RenewAt).TotalMinutes);
        // Six standard deviations of a count that is Poisson distributed, and a few for where nearly none is expected.
        Assert.That(minutes.Max(), Is.LessThanOrEqualTo(even + 6 * Math.Sqrt(even) + 6), name);
        Assert.That(minutes.Sum(), Is.EqualTo(Devices));
    });

    [Test]
    public void Devices_that_all_fail_at_once_come_back_apart()
    {
        TimeSpan[] pauses = [.. Enumerable.Range(0, 1_000).Select(i => Pause(10, 10 * 24, i / 1_000.0))];
        Assert.That((pauses.Min(), pauses.Max()), Is.EqualTo((TimeSpan.FromSeconds(2_560), TimeSpan.FromSeconds(2_560 * 1.999))));
    }

    [TestCase(0, 720.0, 2.5)]
    [TestCase(1, 720.0, 5)]
    [TestCase(5, 720.0, 80)]
    [TestCase(60, 720.0, 43_200)]
    [TestCase(60, 10.0, 720)]
    [TestCase(60, 0.001, 2.5)]
    [TestCase(60, -1.0, 1_800)]
    public void A_pause_doubles_up_to_a_share_of_what_is_left_and_an_hour_where_nothing_is(int attempts, double hoursLeft, double seconds) =>
        Assert.That(Pause(attempts, hoursLeft, 0), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    private static TimeSpan Pause(int attempts, double hoursLeft, double random) =>
        RetryPause.After(attempts, new CredentialTimes(Begin, Begin.AddDays(30), Begin), Begin.AddHours(hoursLeft), Begin, random);
}
