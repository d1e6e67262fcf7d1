using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Every change of where answers come from is an event and a number.</summary>
internal sealed class StateChangeTests
{
    [Test]
    public async Task Live_cached_stale_and_denied_are_told_in_turn_each_once()
    {
        await using var world = new ClientWorld();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == "PolicyM2M.Enforcement" && instrument.Name == "policym2m.client.transitions") self.EnableMeasurementEvents(instrument); } };
        var counted = new ConcurrentQueue<string>();
        // Other clients of this process count too; what this one does goes on from here.
        var isMine = new AsyncLocal<bool> { Value = true };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (isMine.Value)
                counted.Enqueue($"{tags[1].Value} {tags[2].Value} {value}");
        });
        listener.Start();
        PolicyClient client = world.Connect();
        DecisionKind[] auth = [DecisionKind.Auth];
        foreach (TimeSpan elapsed in new[] { TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromHours(2), TimeSpan.Zero, TimeSpan.FromDays(4) })
        {
            if (elapsed > TimeSpan.Zero && world.Events.OfType<ClientEvent.Disconnected>().FirstOrDefault() is null)
                await world.Pdp.KillAsync();
            world.Time.Advance(elapsed);
            await client.DecideAsync(ClientWorld.Context, auth);
        }
        Assert.That(world.Events.OfType<ClientEvent.SourceChanged>().Select(change => (change.Device, change.Kind, change.From, change.To)), Is.EqualTo(new (string, DecisionKind, DecisionSource?, DecisionSource)[]
        {
            ("plc-1", DecisionKind.Auth, null, DecisionSource.Live),
            ("plc-1", DecisionKind.Auth, DecisionSource.Live, DecisionSource.Cached),
            ("plc-1", DecisionKind.Auth, DecisionSource.Cached, DecisionSource.Stale),
            ("plc-1", DecisionKind.Auth, DecisionSource.Stale, DecisionSource.Denied),
        }));
        Assert.That(counted, Is.EqualTo(new[] { "none live 1", "live cached 1", "cached stale 1", "stale denied 1" }));
    }
}
