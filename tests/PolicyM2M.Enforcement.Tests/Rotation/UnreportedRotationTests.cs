using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>What a decision point is told of rotations.</summary>
internal sealed class UnreportedRotationTests
{
    [Test]
    public async Task Reports_are_kept_until_they_are_taken_and_no_more_than_so_many()
    {
        using var world = new RotationWorld { Delivery = ReportDelivery.Later };
        for (int i = 0; i < RotationState.MostReports + 3; i++)
        {
            await world.AfterAsync(20.1);
            await world.Rotation.UsedAsync(world.Serving);
        }
        world.Restart();
        world.Delivery = ReportDelivery.Taken;
        await world.Rotation.TurnAsync();
        Assert.That((world.Reports.Count, world.Rotation.State.Unreported.Length), Is.EqualTo((RotationState.MostReports, 0)));
        Assert.That(world.Reports.Skip(1).Select(report => report.PredecessorFingerprint), Is.EqualTo(world.Reports.SkipLast(1).Select(report => report.Successor.Fingerprint)), "each comes after the one before");
    }

    [Test]
    public async Task A_successor_that_nothing_was_reached_with_is_reported_too_where_another_descends_from_it()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        string unused = world.Serving;
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.TurnAsync();
        Assert.That(world.Reports.Select(report => (report.PredecessorFingerprint, report.Successor.Fingerprint)), Is.EqualTo(new[] { (first, unused), (unused, world.Serving) }));
    }

    [Test]
    public async Task A_refused_report_is_told_of_and_not_sent_again()
    {
        using var world = new RotationWorld { Delivery = ReportDelivery.Refused("no such device") };
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.TurnAsync();
        await world.Rotation.TurnAsync();
        Assert.That(world.Events.OfType<RotationEvent.Reported>().Select(told => told.Refusal), Is.EqualTo(new[] { "no such device" }));
    }
}
