using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Several credentials of one device.</summary>
internal sealed class RotationSchedulerTests
{
    [Test]
    public async Task A_scheduler_rotates_each_credential_by_itself_and_is_woken()
    {
        using var one = new RotationWorld();
        using var other = new RotationWorld();
        one.Rotation.Dispose();
        other.Rotation.Dispose();
        var switched = new SemaphoreSlim(0);
        RotationOptions Told(RotationWorld world, string name) => world.Options with { Name = name, Recheck = TimeSpan.FromDays(1), OnEvent = happened => _ = happened is RotationEvent.Switched && switched.Release() >= 0 };
        one.Policies = RotationWorld.Denied;
        other.Policies = RotationWorld.Denied;
        using RotationScheduler scheduler = RotationScheduler.Open(Told(one, "mqtt"), Told(other, "https"));
        using var stop = new CancellationTokenSource();
        Task running = scheduler.RunAsync(stop.Token);
        one.Policies = Outcomes.Of("rotate-now");
        other.Policies = Outcomes.Of("rotate-now");
        scheduler.Nudge();
        await switched.WaitAsync(stop.Token);
        await switched.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Task.WhenAny(running);
        Assert.That(running.IsFaulted, Is.False);
        Assert.That(() => RotationScheduler.Open(one.Options, one.Options), Throws.ArgumentException);
    }

    [Test]
    public void A_rotation_that_fails_ends_the_scheduler_and_says_why()
    {
        using var one = new RotationWorld();
        using var other = new RotationWorld();
        one.Rotation.Dispose();
        other.Rotation.Dispose();
        using RotationScheduler scheduler = RotationScheduler.Open(one.Options with { Name = "https" }, other.Options);
        scheduler["mqtt"].Dispose();
        // The bound only keeps a scheduler that goes on without one from hanging the suite.
        Assert.That(() => scheduler.RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)), Throws.TypeOf<ObjectDisposedException>());
    }
}
