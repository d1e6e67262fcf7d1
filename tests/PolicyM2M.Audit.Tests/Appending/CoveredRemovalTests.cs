using PolicyM2M.Audit.Appending;

namespace PolicyM2M.Audit.Tests.Appending;

/// <summary>Removal while so much is recorded that checkpoints go no further than the last whole bundle.</summary>
internal sealed class CoveredRemovalTests
{
    [Test]
    public async Task Entries_go_only_once_a_checkpoint_covers_the_record_that_says_so()
    {
        using var log = new TestLog();
        var clock = new SteppedClock();
        await using AuditLog audit = AuditLog.Open(log.Options() with { Durability = AuditDurability.Durable, CheckpointEvery = TimeSpan.FromHours(1), Clock = clock });
        await Task.WhenAll(Enumerable.Range(0, 5_000).Select(_ => audit.RecordAsync(new TestLog.Entry("old")).AsTask()));
        await audit.RecordAsync(new TestLog.RemovalEntry(512));
        audit.RemoveBefore(512);
        clock.Step(TimeSpan.FromHours(2));
        await audit.RecordAsync(new TestLog.Entry("new"));
        // Both are there before the one goes.
        while (!File.Exists(Path.Combine(log.Path, "tile/entries/002")) || File.Exists(Path.Combine(log.Path, "tile/entries/001")))
            await Task.Delay(5, TestContext.CurrentContext.CancellationToken);

        Assert.That(log.Verify(log.Copy("then")).Findings, Is.Empty);
    }

    /// <summary>Its moments are the test's; its timers are real, and longer than any test.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private long _stepped;

        public override long GetTimestamp() => Interlocked.Read(ref _stepped);

        public void Step(TimeSpan time) => Interlocked.Add(ref _stepped, (long)(time.TotalSeconds * TimestampFrequency));
    }
}
