using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Time as a device knows it.</summary>
internal sealed class DeviceClockTests
{
    [Test]
    public void It_follows_the_system_clock_forward_and_never_back()
    {
        var time = new ManualTime();
        var clock = new DeviceClock(time, null);
        time.SetBy(TimeSpan.FromMinutes(5));
        Assert.That(clock.Now, Is.EqualTo(time.Start.AddMinutes(5)));
        time.SetBy(TimeSpan.FromDays(-300));
        Assert.That(clock.Now, Is.EqualTo(time.Start.AddMinutes(5)));
        time.Advance(TimeSpan.FromHours(1));
        Assert.That(clock.Now, Is.EqualTo(time.Start.AddMinutes(65)), "it is counted on");
        Assert.That(clock.IsBehind, Is.True);
    }

    [Test]
    public void After_a_cold_start_without_a_clock_it_begins_at_the_latest_moment_seen()
    {
        var time = new ManualTime();
        DateTimeOffset seen = time.Start.AddYears(1);
        var clock = new DeviceClock(time, seen);
        Assert.That((clock.Now, clock.SetBackBy), Is.EqualTo((seen, seen - time.Start)));
    }

    [Test]
    public void What_a_decision_point_signed_is_a_moment_seen()
    {
        var time = new ManualTime();
        var clock = new DeviceClock(time, null);
        DateTimeOffset signed = time.Start.AddYears(20);
        clock.Heard(signed);
        time.Advance(TimeSpan.FromSeconds(3));
        clock.Heard(signed.AddYears(-1));
        Assert.That(clock.Now, Is.EqualTo(signed.AddSeconds(3)));
        Assert.That((clock.HasPassed(signed.AddDays(-1)), clock.HasPassed(signed.AddSeconds(2))), Is.EqualTo((true, false)), "clocks may differ a little");
    }

    [Test]
    public void Steps_forward_are_told_where_they_are_large_and_once()
    {
        var time = new ManualTime();
        var steps = new List<TimeSpan>();
        var clock = new DeviceClock(time, null, steps.Add);
        time.SetBy(TimeSpan.FromMinutes(9));
        _ = clock.Now;
        time.Advance(TimeSpan.FromDays(10));
        _ = clock.Now;
        Assert.That(steps, Is.Empty, "a correction is none, and time that passes is none");
        time.SetBy(TimeSpan.FromDays(3));
        _ = clock.Now;
        _ = clock.Now;
        Assert.That(steps, Is.EqualTo(new[] { TimeSpan.FromDays(3) }));
    }

    [Test]
    public void It_ends_with_time_and_does_not_break()
    {
        var time = new ManualTime();
        var clock = new DeviceClock(time, DateTimeOffset.MaxValue);
        time.Advance(TimeSpan.FromDays(1));
        Assert.That(clock.Now, Is.EqualTo(DateTimeOffset.MaxValue));
    }

    [Test]
    public void No_thread_sees_it_run_backwards()
    {
        var time = new ManualTime();
        var clock = new DeviceClock(time, null);
        Parallel.For(0, 4, worker =>
        {
            DateTimeOffset last = default;
            for (int i = 0; i < 5_000; i++)
            {
                if (worker == 0)
                    time.SetBy(TimeSpan.FromSeconds(i % 2 == 0 ? 7 : -7));
                DateTimeOffset now = clock.Now;
                Assert.That(now, Is.GreaterThanOrEqualTo(last));
                last = now;
            }
        });
    }
}
