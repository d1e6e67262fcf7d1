using System.Diagnostics.Metrics;
using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>What an application's own code may do to a rotation: nothing but be told of, and counted.</summary>
internal sealed class UserCodeTests
{
    [Test]
    public async Task A_handler_that_throws_ends_no_rotation_and_is_counted()
    {
        long counted = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Name == "policym2m.client.handler.failures") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        listener.Start();
        using var world = new RotationWorld();
        world.Rotation.Dispose();
        // What begins a rotation tells of it too: the first credential lies there half replaced.
        await File.WriteAllTextAsync(world.CertificatePath, "");
        List<string> heard = [];
        using CredentialRotation rotation = CredentialRotation.Open(world.Options with
        {
            OnEvent = happened =>
            {
                heard.Add(happened.GetType().Name);
                throw new InvalidOperationException("the log is full");
            },
        });
        world.Time.Advance(TimeSpan.FromDays(20.1));
        await rotation.TurnAsync();
        await rotation.UsedAsync(rotation.State.Serving.Fingerprint);
        Assert.That(heard, Is.EqualTo(new[] { "NotAdopted", "Renewing", "Switched", "UseChanged", "Confirmed", "UseChanged" }));
        Assert.That(Interlocked.Read(ref counted), Is.GreaterThanOrEqualTo(heard.Count), "other clients of this process count too");
    }

    [Test]
    public async Task A_renewal_that_gives_up_by_a_cancellation_of_its_own_is_a_refusal_and_no_end()
    {
        using var world = new RotationWorld();
        world.Rotation.Dispose();
        using CredentialRotation rotation = CredentialRotation.Open(world.Options with { Renewal = new Impatient() });
        world.Time.Advance(TimeSpan.FromDays(20.1));
        await rotation.TurnAsync();
        Assert.That(world.Events.OfType<RotationEvent.Failed>().Select(failed => (failed.Reason, failed.IsUnreachable)), Is.EqualTo(new[] { ("the renewal failed: it took too long", false) }));
    }

    /// <summary>As HttpClient does when its own time is up.</summary>
    private sealed class Impatient : IRenewal
    {
        public Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation) => throw new TaskCanceledException("it took too long");
    }
}
