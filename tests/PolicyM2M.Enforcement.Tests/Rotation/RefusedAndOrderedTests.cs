using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Credentials that a peer refuses, and those that are ordered away.</summary>
internal sealed class RefusedAndOrderedTests
{
    [Test]
    public async Task A_new_one_that_a_peer_refuses_is_dropped_and_asked_for_again_later()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        string dropped = world.Serving;
        await world.Rotation.FailedAsync(dropped, "the broker does not know the issuer");
        Assert.That((world.Serving, world.Usable.Predecessor), Is.EqualTo((first, (UsableCredential?)null)));
        await world.Rotation.TurnAsync();
        Assert.That(world.Serving, Is.EqualTo(first), "not at once");
        await world.AfterAsync(0.1);
        Assert.That(world.Serving, Is.Not.EqualTo(first).And.Not.EqualTo(dropped));
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched", "RolledBack", "Renewing", "Switched" }));
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.FailedAsync(world.Serving, "too late");
        Assert.That(world.Serving, Is.Not.EqualTo(first), "what was used once is not rolled back");
        Assert.That(world.Renewal.Asked.Select(asked => Convert.ToHexString(asked.Key)), Is.Unique, "each has a key of its own");
    }

    [Test]
    public async Task An_order_is_obeyed_at_once_with_a_new_key_and_once_until_it_is_taken_back()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("rotate-now  renew-at 2/3  spread 0%  overlap 1d") };
        string first = world.Serving;
        await world.Rotation.TurnAsync();
        string second = world.Serving;
        Assert.That(second, Is.Not.EqualTo(first));
        await world.Rotation.UsedAsync(second);
        Assert.That((world.Usable.Predecessor, world.Renewal.Asked.Single().Cause), Is.EqualTo(((UsableCredential?)null, RotationCause.Ordered)), "what was ordered away does not overlap");
        await world.AfterAsync(1);
        world.Restart();
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.EqualTo(second), "the mark in the registry is still there");
        world.Policies = Outcomes.Of(RotationWorld.Usual);
        await world.AfterAsync(1);
        world.Policies = Outcomes.Of("rotate-now");
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.Not.EqualTo(second));
        Assert.That(world.Reports.Select(report => (report.PredecessorFingerprint, report.Successor.Fingerprint, report.Cause, report.IsRekeyed)), Is.EqualTo(new[] { (first, second, RotationCause.Ordered, true) }));
    }

    [Test]
    public async Task What_was_ordered_away_never_serves_again_and_a_refused_successor_is_replaced()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("rotate-now  renew-at 2/3  spread 0%") };
        string stolen = world.Serving;
        await world.Rotation.TurnAsync();
        string second = world.Serving;
        Assert.That(world.Usable.Predecessor, Is.Null, "nor is it offered on trial");
        await world.Rotation.FailedAsync(second, "PERMISSION_DENIED");
        Assert.That(world.Serving, Is.EqualTo(second));
        await world.AfterAsync(0.1);
        string third = world.Serving;
        Assert.That(new[] { stolen, second }, Does.Not.Contain(third), "another is asked for");
        await world.Rotation.FailedAsync(third, "PERMISSION_DENIED");
        world.Restart();
        Assert.That(world.Serving, Is.EqualTo(third), "nor does the stolen one serve after two that were refused");
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched", "Failed", "Renewing", "Switched", "Reported", "Failed" }));
    }

    [Test]
    public async Task A_refused_successor_whose_predecessor_has_ended_is_replaced()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        string refused = world.Serving;
        world.Time.Advance(TimeSpan.FromDays(10));
        await world.Rotation.FailedAsync(refused, "UNAUTHENTICATED");
        await world.AfterAsync(0.5);
        Assert.That(world.Serving, Is.Not.EqualTo(refused));
    }

    [Test]
    public async Task An_order_does_not_wait_for_the_end_of_a_pause_that_something_else_made([Values] bool isAccepted)
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        world.Renewal.Instead = isAccepted ? new RenewalAnswer.Accepted(TimeSpan.FromHours(20)) : new RenewalAnswer.Refused("not today");
        await world.AfterAsync(20.1);
        world.Restart();
        world.Policies = Outcomes.Of("rotate-now");
        await world.Rotation.TurnAsync();
        Assert.That(world.Renewal.Asked.Select(asked => asked.Cause), Is.EqualTo(new[] { RotationCause.Due, RotationCause.Ordered }));
        await world.Rotation.TurnAsync();
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(2), "it keeps the pause that it made itself");
        world.Renewal.Instead = null;
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
    }
}
