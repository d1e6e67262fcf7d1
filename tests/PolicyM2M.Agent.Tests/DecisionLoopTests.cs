using System.Collections.Immutable;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Tests;

/// <summary>What wakes the loop whose interval is a day.</summary>
[CancelAfter(90_000)]
internal sealed class DecisionLoopTests
{
    [Test]
    public async Task What_is_heard_one_after_the_other_is_all_heard(CancellationToken longest)
    {
        var loop = new DecisionLoop(TimeSpan.FromDays(1));
        int decided = 0;
        await loop.RunAsync(Subject(ended => Task.Delay(Timeout.Infinite, ended)), _ =>
        {
            loop.Hear(new ClientEvent.DeviceChanged("plc-1"));
            // By itself it is nothing new after a live answer; and it must not push out what was heard before.
            loop.Hear(new ClientEvent.Connected(new Wire.RevisionId("commit", "hash")));
            return ValueTask.FromResult(++decided < 2);
        }, longest);
        Assert.That(decided, Is.EqualTo(2));
    }

    [Test]
    public async Task That_less_is_allowed_than_before_wakes_it(CancellationToken longest)
    {
        var loop = new DecisionLoop(TimeSpan.FromDays(1));
        var change = new TaskCompletionSource();
        int decided = 0;
        await loop.RunAsync(Subject(change.Task.WaitAsync), _ =>
        {
            change.TrySetResult();
            return ValueTask.FromResult(++decided < 2);
        }, longest);
        Assert.That(decided, Is.EqualTo(2));
    }

    [Test]
    public void Whom_the_decision_point_refuses_asks_ever_more_slowly_and_at_least_once_a_minute()
    {
        var loop = new DecisionLoop(TimeSpan.FromDays(1));
        ImmutableArray<DeviceDecision> refused = [new DeviceDecision(Outcome.Deny(DecisionKind.Auth, "revoked"), DecisionSource.Denied, null, null, null) with { IsRefused = true }];
        Assert.That(new[] { 0, 1, 2, 3, 4, 5, 6, 99 }.Select(refusals => loop.Pause(refused, DateTimeOffset.UnixEpoch, refusals).TotalSeconds), Is.EqualTo(new[] { 2, 2, 4, 8, 16, 32, 60, 60 }));
    }

    private static DecisionSubject Subject(Func<CancellationToken, Task> nextChange) =>
        new((_, _) => Task.FromResult(ImmutableArray<DeviceDecision>.Empty), nextChange, () => DateTimeOffset.MaxValue);
}
